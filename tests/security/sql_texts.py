"""SQL injection texts."""

from random import Random

ALL = [
    *("'", '"', "''", "\\'", "%27", "`", ";", "--", "/*", "*/", "\\", "$$", "%", "_", "NULL"),
    *("' or '1'='1", "' or 1=1 --", '" or ""="', "') or ('1'='1", "1 or 1=1", "1) or (1=1"),
    *("'; create table injected (x int); --", '"; create table injected (x int); --'),
    *("$$; create table injected (x int); --", "\\'; create table injected (x int); --"),
    *("'; set role postgres; --", "'; reset role; --", "'; set row_security = off; --"),
    *("' union select * from profiles --", "1 union all select token_balance from profiles"),
    *("(select current_setting('request.jwt.claims'))", "pg_sleep(3)", "1;select pg_sleep(3)"),
    *("'||(select string_agg(id::text, ',') from profiles)||'", "auth.uid()", "current_user"),
    *("id::text from jobs --", "*,profiles(*)", "id)from(jobs", "jobs;drop table jobs"),
    *(
        "\u02bc or 1=1 --",
        "\uff07 or 1=1 --",
        "\xbf'",
        "%bf%27",
        "\x00'",
        "E'\\x27'",
        "%(x)s",
        "%s",
    ),
    *("{}", "{0}", "$1", "$2", ":x", "?", "@@version", "0x27", "chr(39)", "U&'\\0027'", "\ud7ff"),
    *("copy jobs to program 'id'", "lo_import('/etc/passwd')", "pg_read_file('/etc/passwd')"),
]


def one(chance: Random) -> str:
    """Return one of the texts, or two joined."""
    text = chance.choice(ALL)
    return chance.choice([text, f"x{text}", f"{text}{chance.choice(ALL)}", f"({text})"])
