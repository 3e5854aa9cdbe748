"""A letter as bytes, all of it pure: what an edition says, in one language, for everybody and then for one.

look      a sealed snapshot in one language and length         -> views
render    views and templates, styles inlined, never clipped   -> Letter, its holes held open by markers
check     what a letter, and a message, must be
compile   a Letter and its headers, once for a mailing         -> Compiled; a recipient costs a splice
series    one of those to very many: what they share is coded once
notes     the one-off letters of the house
"""
