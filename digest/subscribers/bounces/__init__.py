"""What the post sends back, understood: whom it is about, and whether the address is dead, full, or refusing us.

classify        a whole message in, a judgement for each recipient out; pure
  report          RFC 3464 and 6533 (delivery status), RFC 5965 (complaints)
  prose           bounces that are only words; flufl.bounce helps to find the recipient, and judges nothing
  quiet           what is no bounce: out of office, receipts, other machines talking
  verdict         the words and the status code of one refusal: hard, soft or block
"""

from digest.subscribers.bounces.classify import classify
from digest.subscribers.bounces.judged import Class, Judged

__all__ = ["Class", "Judged", "classify"]
