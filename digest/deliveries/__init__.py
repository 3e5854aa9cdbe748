"""Letters to SMTP: mailings by the shard, and the notes that go one by one, ahead of them."""
