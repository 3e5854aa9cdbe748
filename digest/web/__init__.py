"""All that is answered over HTTP: feeds, pages, health."""
