"""A peer: FastAPI, SQLAlchemy's asynchronous ORM and asyncmy under Uvicorn, as documented.

https://fastapi.tiangolo.com/tutorial/sql-databases/ and /deployment/docker/
https://docs.sqlalchemy.org/en/21/orm/extensions/asyncio.html (expire_on_commit)
"""

import os
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictBool, StrictInt, StringConstraints
from sqlalchemy import URL, BigInteger, String, select
from sqlalchemy.dialects.mysql import BIGINT, BINARY
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.exceptions import HTTPException

LONGEST_TITLE = 255
LARGEST_ORDER = 2**53 - 1
LIMIT = 1000

engine = create_async_engine(
    URL.create(
        "mysql+asyncmy",
        username=os.environ["DATABASE_USER"],
        password=os.environ["DATABASE_PASSWORD"],
        host=os.environ["DATABASE_HOST"],
        port=int(os.environ["DATABASE_PORT"]),
        database=os.environ["DATABASE_NAME"],
    ),
    connect_args={"ssl": ssl.create_default_context(cadata=os.environ["DATABASE_CA_PEM"])},
    pool_size=8,
    max_overflow=0,
)
new_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class Base(DeclarativeBase):
    """What SQLAlchemy maps."""


class Todo(Base):
    """A to-do of a list."""

    __tablename__ = "todos"

    id: Mapped[int] = mapped_column(BIGINT(unsigned=True), primary_key=True)
    list_id: Mapped[bytes] = mapped_column(BINARY(16))
    position: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    completed: Mapped[bool]


class NewTodo(BaseModel):
    """What a client sends."""

    title: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TITLE),
    ]
    completed: StrictBool = False
    order: Annotated[StrictInt, Field(ge=-LARGEST_ORDER, le=LARGEST_ORDER)] = Field(
        default_factory=lambda: time.time_ns() // 1_000_000
    )


class TodoAnswer(BaseModel):
    """What a client gets."""

    id: int
    title: str
    completed: bool
    order: int
    url: str


async def session() -> AsyncIterator[AsyncSession]:
    """A request's session."""
    async with new_session() as opened:
        yield opened


ListId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Session = Annotated[AsyncSession, Depends(session)]


@app.get("/api/lists/{list_id}/todos")
async def todos(list_id: ListId, session: Session, request: Request) -> list[TodoAnswer]:
    """Answer the to-dos of a list in order."""
    wanted = (
        select(Todo)
        .where(Todo.list_id == bytes.fromhex(list_id))
        .order_by(Todo.position, Todo.id)
        .limit(LIMIT)
    )
    url = str(request.url)
    return [as_json(todo, url) for todo in await session.scalars(wanted)]


@app.post("/api/lists/{list_id}/todos", status_code=201)
async def add(
    list_id: ListId, new: NewTodo, session: Session, request: Request, response: Response
) -> TodoAnswer:
    """Add a to-do to a list."""
    todo = Todo(
        list_id=bytes.fromhex(list_id),
        title=new.title,
        completed=new.completed,
        position=new.order,
    )
    session.add(todo)
    await session.commit()
    answer = as_json(todo, str(request.url))
    response.headers["Location"] = answer.url
    return answer


@app.exception_handler(HTTPException)
async def http_problem(_request: Request, error: HTTPException) -> JSONResponse:
    """Answer an error as RFC 9457 asks."""
    return problem(error.status_code, error.detail)


@app.exception_handler(RequestValidationError)
async def validation_problem(_request: Request, error: RequestValidationError) -> JSONResponse:
    """Answer what Pydantic refuses: an unusable path is no list of ours."""
    errors: Sequence[dict[str, object]] = error.errors()
    in_path = any(str(one["loc"]).startswith("('path'") for one in errors)
    return problem(404 if in_path else 422, "; ".join(str(one["msg"]) for one in errors))


def problem(status: int, detail: str) -> JSONResponse:
    """An error as JSON."""
    return JSONResponse(
        {"title": HTTPStatus(status).phrase, "status": status, "detail": detail},
        status,
        media_type="application/problem+json",
    )


def as_json(todo: Todo, url: str) -> TodoAnswer:
    """A to-do as clients see it."""
    return TodoAnswer(
        id=todo.id,
        title=todo.title,
        completed=todo.completed,
        order=todo.position,
        url=f"{url}/{todo.id}",
    )
