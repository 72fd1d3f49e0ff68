"""The bare INSERTs: as many as a job has statements, in as many durable commits."""

import psycopg

_INSERT = "insert into bare_jobs (user_id, job_type, prompt) values (gen_random_uuid(), %s, %s)"
_VALUES = ("sdxl_image_fast", "a big red star on blue, left")


def like_jobs(url: str, jobs: int, *, inserts: int, commits: int) -> None:
    """For each job, so many INSERTs, spread over so many transactions."""
    with psycopg.connect(url, prepare_threshold=0, autocommit=True) as connection:
        for _ in range(jobs):
            for number in range(commits):
                with connection.transaction():
                    for _ in range(share(inserts, commits, number)):
                        connection.execute(_INSERT, _VALUES)


def each_alone(url: str, jobs: int, *, inserts: int) -> None:
    """For each job, so many INSERTs, each with a commit of its own."""
    with psycopg.connect(url, prepare_threshold=0, autocommit=True) as connection:
        for _ in range(jobs * inserts):
            connection.execute(_INSERT, _VALUES)


def share(whole: int, parts: int, number: int) -> int:
    """Of a whole that is dealt out evenly."""
    return whole // parts + (number < whole % parts)
