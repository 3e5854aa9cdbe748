"""How the servers of the world say no: each line a way to put it, and what it comes to.

Read from above, the first that fits is taken. They are held against words with single spaces, from which addresses
and links were taken out: `<spam@example.org>: user unknown` is not about spam.
"""

from __future__ import annotations

import re

from digest.subscribers.bounces.judged import Class

_BOX = r"(mail ?box|inbox|mail ?folder|mail ?dir|account|disk|file system|mail ?file)"
_WHO = r"(user|recipient|rcpt|mail ?box|account|address(ee|es)?|person|alias|login|customer|subscriber|e-?mail)"
_WHERE = r"(host|domain|(domain|host) name|server name)"

_WAYS: tuple[tuple[Class, str], ...] = (
    # Full.
    (Class.SOFT, r"over.?quota|quota (is )?(full|exceed|violat)|(exceed\w*|reached|beyond|above) (\w+ ){0,4}quota"),
    (Class.SOFT, r"(exceed\w*|reached|beyond|over) (\w+ ){0,4}(storage|mailbox size|mailbox limit|disk space)"),
    (Class.SOFT, r"out of (storage|space|quota)"),
    (Class.SOFT, r"(not enough|insufficient|no more) (\w+ ){0,2}(storage|space|quota)"),
    (Class.SOFT, _BOX + r"\b.{0,40}\b(is |are )?(full|exceed\w*|over (its|the|quota)|too large)\b|full mailbox"),
    (Class.SOFT, r"no space left|disk full|system full|4[.]2[.]2|5[.]2[.]2|space has been used up"),
    (Class.SOFT, r"(postfach|mailbox|konto)\b.{0,60}\b(voll|überfüllt)|bo[iî]te.{0,40}pleine|casella.{0,40}piena"),
    (Class.SOFT, r"(buz[oó]n|casilla).{0,40}llen[oa]|caixa.{0,40}cheia|speicherplatz|cuota"),
    (Class.SOFT, r"too many hops|hop count|mail loop"),
    # Microsoft's word for nobody there.
    (Class.HARD, r"recipient address rejected: access denied"),
    # Too fast for them.
    (Class.BLOCK, r"too (many|fast|much mail)|slow down|throttl|rate[- ]?limit|unusual rate|at a rate that"),
    (Class.BLOCK, r"(sending|hourly|daily|message|connection) (limit|quota)"),
    (Class.BLOCK, r"limit(s)? (for|on) (receiving|incoming)"),
    # They do not want this, or us.
    (Class.BLOCK, r"\bspam|unsolicited|\bjunk\b|\bbulk\b|virus|malware|phish|infected"),
    (Class.BLOCK, r"(black|block|deny|drop)-? ?list|dnsbl|\brbls?\b"),
    (Class.BLOCK, r"spamhaus|spamcop|sorbs|barracuda|cloudmark|uribl"),
    (Class.BLOCK, r"\bblock(ed|ing)?\b|\bbanned\b|reputation|\blisted (at|by|in|on)\b(?! (file|our))"),
    (Class.BLOCK, r"\bdmarc\b|\bspf\b|\bdkim\b|sender policy|unauthenticated"),
    (Class.BLOCK, r"not aligned|\bptr\b|reverse.(dns|lookup)"),
    (Class.BLOCK, r"rdns|(helo|ehlo)\b.{0,40}(reject|invalid|not)|forged|fake"),
    (Class.BLOCK, r"relay(ing)?( access)?(: | |)(\w+ ){0,2}(denied|prohibited|disallowed|not (allowed|permitted))"),
    (Class.BLOCK, r"(unable|not permitted|not allowed|denied|cannot|refus\w+|does not|don.t|do not) (to )?relay"),
    (Class.BLOCK, r"not a gateway|open relay|relay(ing)? (mail )?(rejected|refused)|no relaying|not an open"),
    (Class.BLOCK, r"authenticat\w+ (\w+ ){0,2}(required|failed)|smtp.auth|starttls|must authenticate"),
    (Class.BLOCK, r"\bsender\b( \w+){0,3} (rejected|denied|refused|invalid|verif\w+|unknown)"),
    (Class.BLOCK, r"(invalid|bad|unknown) sender"),
    (Class.BLOCK, r"envelope sender|sender domain|sender address|from address|domain of sender|sender not"),
    (Class.BLOCK, r"(violat\w*|due to|against|security|local|site|company|admin\w*|by|of) (\w+ ){0,3}polic(y|ies)"),
    (Class.BLOCK, r"polic(y|ies) (\w+ ){0,3}(violation|reject|reason|restrict|prevent)|administrative(ly)? prohib"),
    (Class.BLOCK, r"(content|message|mail|attachment) (\w+ ){0,3}(filter|looks|considered|prohibited|not allowed)"),
    (Class.BLOCK, r"content (\w+ )?(reject|refus|denied)|bad (content|header)"),
    (Class.BLOCK, r"message header|filtering|rejected by filter"),
    (Class.BLOCK, r"smtputf8|non-?ascii|internationali[sz]ed"),
    (Class.BLOCK, r"not (authori[sz]ed|allowed|permitted) to|no permission"),
    (Class.BLOCK, r"(don.t|not) have permission|unauthori[sz]ed"),
    (Class.BLOCK, r"members? only|only accepts?|restricted|RESOLVER[.]RST|not accept(ing)? (mail|messages) from"),
    (Class.BLOCK, r"(host|ip|network|client|connection|server)( \S+){0,3} (rejected|(access )?denied|not allowed)"),
    (Class.BLOCK, r"(your|this|the) (message|e?-?mail|ip)( \S+){0,3} (was|has been|is) (rejected|refused) (by|as|for)"),
    (Class.BLOCK, r"\babuse\b(?!@)|refused by (the )?recipient"),
    (Class.BLOCK, r"bounced by (the )?user|access denied|transaction failed"),
    # Too big.
    (Class.SOFT, r"(message|mail|letter|size) (\w+ ){0,3}(too (big|large)|exceeds)|too (big|large)\b|size limit"),
    (Class.SOFT, r"maximum (\w+ ){0,2}size|exceeds (\w+ ){0,3}size|max message size"),
    (Class.SOFT, r"gr[ea]y-? ?list|try again later|temporar(y|ily) (\w+ )?(deferred|rejected|failure)"),
    # Nobody there.
    (Class.HARD, _WHO + r"\b(?! (limit|size|quota)).{0,60}?\b(unknown|unbekannt|inconnue?|not known|not exist)"),
    (Class.HARD, _WHO + r"\b.{0,60}? (is )?(not (be )?found|not registered|not recogni[sz]ed|not listed|not present)"),
    (Class.HARD, _WHO + r"\b.{0,40}?(n.t (be )?(found|exist|known)|non-?existent|(is|are) (invalid|wrong|incorrect))"),
    (Class.HARD, _WHO + r"\b.{0,40}? is not (\w+ ){0,2}(known|valid|active|an? |on |in )"),
    (Class.HARD, _WHO + r"\b.{0,40}? no longer"),
    (Class.HARD, _WHO + r"\b.{0,40}? (deleted|removed|terminated|cancell?ed|deceased)"),
    (Class.HARD, _WHO + r" (not|invalid|unknown|rejected: ?(user|invalid|unknown|undeliverable|no ))(?! accept)"),
    (Class.HARD, r"(unknown|no such|invalid|bad|non-? ?existent|illegal|undefined|wrong|inexist\w+|unrecogni[sz]ed)"
     r"[ :-]*(or \w+ )?((local|destination|final|delivery|virtual|e-?mail|to|smtp|forward|domain) )*"
     r"(user|recipient|rcpt|mail ?box|account|address|person|alias|host|domain|local.?part|id\b|customer|name|mail)"),
    (Class.HARD, r"invalid final delivery userid|unknownuser|userunknown"),
    (Class.HARD, r"nosuchuser|no such|nobody here|wrong user"),
    (Class.HARD, r"(does|do|did|is|has)( ?n.?t| not) (exist|have (an?|any) (\S+ ){0,3}(account|mailbox|user|address))"),
    (Class.HARD, r"there (is|was) no (one|user|account|such|mailbox|\S+ (account|mailbox|user))"),
    (Class.HARD, r"\bno (\S+ )?(mailbox|account|user|recipient|match|alias|entry found)\b(?! (space|quota))"),
    (Class.HARD, r"not (a )?(valid|known|listed|our customer|an? (valid|active|known|local|registered))\b"),
    (Class.HARD, r"not (found )?(listed )?in (\w+ ){0,4}(directory|list|table|database|domino)|unknown in"),
    (Class.HARD, r"badrcptto|Recip(ient)?NotFound|ADR[.](Ex)?Recip"),
    (Class.HARD, r"unrout(e)?able|undeliverable address|sconosciut"),
    (Class.HARD, _WHERE + r"\b.{0,40}\b(not found|unknown|(does|did|do)( ?n.t| not) (exist|resolve)|invalid|wrong)"),
    (Class.HARD, r"(could|can) ?(not|n.t) (find|resolve|look ?up) (a|any|the|mail|host|domain|name|dns)"),
    (Class.HARD, r"name service error"),
    (Class.HARD, r"null.?mx|nxdomain|no (mx|a|valid mx)( record| host|$)"),
    (Class.HARD, r"bad destination|misspelled|mistyped|dns error"),
    (Class.HARD, r"has moved|(has|have) left"),
    (Class.HARD, r"no longer (a customer|with|works?|employed|valid|exist|accept|in |on |here)"),
    (Class.HARD, r"(address|recipient) rejected"),
    (Class.HARD, r"will not accept recipient|(can.?t|cannot) accept user"),
    (Class.HARD, r"(couldn.?t|could not|cannot|can.t) be (found|recogni[sz]ed)"),
    (Class.HARD, r"(wasn.t|was not|were not) found|<> not found"),
    (Class.HARD, r"doesn.t have an?|mailbox (not |un)(available|active)"),
    (Class.HARD, r"mailbox unavailable|account (is )?unavailable"),
    (Class.HARD, r"archived recipient|not an? ?(active|email) address|dead (account|letter)|isn.t (a|in|here)"),
    (Class.HARD, r"(missing|no) home directory|list (does not exist|unknown|not found)|user has (moved|left)"),
    (Class.HARD, r"recipients? (was|were) undeliverable|not our (user|customer)|user lookup|user name|vdeliver"),
    (Class.HARD, r"existiert nicht|unbekannt|nicht (gefunden|vorhanden)|(empf[äa]nger|adresse).{0,40}ung[üu]ltig"),
    (Class.HARD, r"n.existe|introuvable|inexistant|destinataire.{0,40}invalide|adresse.{0,40}invalide|incorrecte"),
    (Class.HARD, r"no existe|desconocid[oa]|n[ãa]o (existe|encontrad|[ée] v[áa]lid)"),
    (Class.HARD, r"desconhecid|inesistente|non (esiste|trovat)"),
    (Class.HARD, r"onbekend|bestaat niet|finns inte|findes ikke"),
    (Class.HARD, r"nie istnieje|不存在|リストにありません|存在しません|見つかりません|не (найден|существует)"),
    # Closed, perhaps for a while.
    (Class.SOFT, r"disabled|inactive|suspend|deactivat|expired|frozen"),
    (Class.SOFT, r"\blocked\b|on hold|not (currently )?(active|accept)"),
    (Class.SOFT, r"not (currently )?receiving|dormant|closed|unavailable|rejected|refused|denied"),
    # Out of reach.
    (Class.SOFT, r"time(d)?.?out|connection (\w+ ){0,2}(reset|lost|dropped|failed)"),
    (Class.SOFT, r"no route|unreachable|temporar|retry"),
    (Class.SOFT, r"(could|can) ?not (connect|contact|reach)|unable to connect"),
    (Class.SOFT, r"loop|too long|giving up"),
    (Class.SOFT, r"(for|in|within|after) (more than )?\d+ (days?|hours?)"),
    (Class.SOFT, r"system (error|failure|resources|busy)|internal"),
)  # fmt: skip
WAYS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _WAYS)
