"""Bare INSERTs: as many as a job has statements, in as many durable commits."""

import psycopg

_INSERT = "insert into bare_jobs (user_id, job_type, prompt) values (gen_random_uuid(), %s, %s)"
_VALUES = ("sdxl_image_fast", "a big red star on blue, left")


def like_jobs(url: str, jobs: int, *, inserts: int, commits: int) -> None:
    """For each job, run ``inserts`` INSERTs, spread over ``commits`` transactions."""
    with psycopg.connect(url, prepare_threshold=0, autocommit=True) as connection:
        for _ in range(jobs):
            for number in range(commits):
                with connection.transaction():
                    for _ in range(share(inserts, commits, number)):
                        connection.execute(_INSERT, _VALUES)


def each_alone(url: str, jobs: int, *, inserts: int) -> None:
    """For each job, run ``inserts`` INSERTs, each with its own commit."""
    with psycopg.connect(url, prepare_threshold=0, autocommit=True) as connection:
        for _ in range(jobs * inserts):
            connection.execute(_INSERT, _VALUES)


def share(total: int, parts: int, number: int) -> int:
    """Return part ``number`` of a total that is split evenly into ``parts``."""
    return total // parts + (number < total % parts)
