"""The limit below every server: the same SELECT through the bare driver, without HTTP.

As asyncmy's documentation advises: a pool, cursors, and `stmt_cache_size` for prepared statements.
Prints queries and CPU seconds of the measured time as JSON.
"""

import asyncio
import json
import os
import ssl
import sys
import time

import asyncmy
from asyncmy.pool import Pool

SIZE = 8
SELECT = (
    "SELECT id, title, completed, position FROM todos "
    "WHERE list_id = %s ORDER BY position, id LIMIT %s"
)
LIMIT = 1000


async def main(seconds: float, lists: list[bytes]) -> None:
    """Query for `seconds`, after a warm-up, with as many tasks as connections."""
    pool = await asyncmy.create_pool(
        host=os.environ["DATABASE_HOST"],
        port=int(os.environ["DATABASE_PORT"]),
        user=os.environ["DATABASE_USER"],
        password=os.environ["DATABASE_PASSWORD"],
        database=os.environ["DATABASE_NAME"],
        ssl=ssl.create_default_context(cadata=os.environ["DATABASE_CA_PEM"]),
        autocommit=True,
        minsize=SIZE,
        maxsize=SIZE,
        stmt_cache_size=128,
    )
    await queries(pool, seconds / 10, lists)
    began, cpu = time.monotonic(), time.process_time()
    count = await queries(pool, seconds, lists)
    cpu, took = time.process_time() - cpu, time.monotonic() - began
    json.dump({"requests": count, "cpu_seconds": cpu, "seconds": took}, sys.stdout)
    pool.close()
    await pool.wait_closed()


async def queries(pool: Pool, seconds: float, lists: list[bytes]) -> int:
    """Run queries side by side and return how many."""
    until = time.monotonic() + seconds

    async def work(at: int) -> int:
        done = 0
        while time.monotonic() < until:
            async with pool.acquire() as connection, connection.cursor() as cursor:
                await cursor.execute(SELECT, (lists[(at + done) % len(lists)], LIMIT))
                await cursor.fetchall()
            done += 1
        return done

    return sum(await asyncio.gather(*(work(task * 100) for task in range(SIZE))))


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), [bytes.fromhex(key) for key in sys.argv[2:]]))
