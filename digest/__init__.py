"""Digest: announcements go in; feeds come out at once, and a sealed email edition comes out on schedule.

The house, from the street door down. Imports run down this list and never up; the rooms on one
line are strangers to each other, and `.ci/run` refuses anything else.

    __main__          the street door: runs `cli`
    cli               one file a command group: parse, call a service, print its report
    demo, doctor      the guided run; the check-up
    web               pages, feeds over HTTP, hooks, health
    service           the composition root, and each flow that crosses rooms; owns the transaction
    collect           sources -> items -> announcements
    feeds             announcements -> Atom, RSS, JSON Feed
    editions          announcements owed to a digest -> a sealed edition
    schedules         slots a digest owes, and what a tick does about them
    deliveries        letters -> SMTP, and the notes that go one by one
    subscribers       people: consent, leaving, tokens
    engine            the bell that rings work, and the clock that ticks
    settings          what operators declare
    store             rows: the ledger
    letter            a letter as bytes (pure)
    fetch             polite, guarded HTTP out
    templating        the Jinja environment
    schedule          schedule expressions -> times (pure)
    model, errors     the nouns, their statuses, and one tree of errors
"""

__version__ = "0.1.0"
