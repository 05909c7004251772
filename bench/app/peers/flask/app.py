"""The baseline: Flask, SQLAlchemy's ORM and PyMySQL under Gunicorn, as their documentation advises.

https://flask.palletsprojects.com/en/stable/patterns/sqlalchemy/ (declarative)
https://docs.sqlalchemy.org/en/21/orm/session_basics.html
https://gunicorn.org/design/ (gthread)
"""

from __future__ import annotations

import os
import ssl
import time
from typing import Any

from flask import Flask, Response, jsonify, request
from sqlalchemy import URL, BigInteger, String, create_engine, select
from sqlalchemy.dialects.mysql import BIGINT, BINARY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker
from werkzeug.exceptions import HTTPException, NotFound, UnprocessableEntity

LONGEST_TITLE = 255
LARGEST_ORDER = 2**53 - 1
LIMIT = 1000

engine = create_engine(
    URL.create(
        "mysql+pymysql",
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
db_session = scoped_session(sessionmaker(autoflush=False, bind=engine))
app = Flask(__name__)


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


@app.teardown_appcontext
def shutdown_session(_error: BaseException | None = None) -> None:
    """Give the request's connection back."""
    db_session.remove()


@app.get("/api/lists/<list_id>/todos")
def todos(list_id: str) -> Response:
    """Answer the to-dos of a list in order."""
    wanted = (
        select(Todo)
        .where(Todo.list_id == parsed_list(list_id))
        .order_by(Todo.position, Todo.id)
        .limit(LIMIT)
    )
    return jsonify([as_json(todo) for todo in db_session.scalars(wanted)])


@app.post("/api/lists/<list_id>/todos")
def add(list_id: str) -> tuple[Response, int, dict[str, str]]:
    """Add a to-do to a list."""
    todo = Todo(list_id=parsed_list(list_id), **checked(request.get_json()))
    db_session.add(todo)
    db_session.commit()
    answer = as_json(todo)
    return jsonify(answer), 201, {"Location": answer["url"]}


@app.errorhandler(HTTPException)
def problem(error: HTTPException) -> Response:
    """Answer an error as RFC 9457 asks."""
    answer = jsonify(title=error.name, status=error.code, detail=error.description)
    answer.status_code = error.code or 500
    answer.mimetype = "application/problem+json"
    return answer


def parsed_list(text: str) -> bytes:
    """The 128 bits that a list's id stands for."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise NotFound from None
    if len(key) != 16:  # noqa: PLR2004
        raise NotFound
    return key


def checked(body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The fields of a new to-do."""
    if not isinstance(body, dict):
        raise UnprocessableEntity("the body must be an object")
    title = body.get("title")
    if not isinstance(title, str) or not 1 <= len(title.strip()) <= LONGEST_TITLE:
        raise UnprocessableEntity(f"title must have 1 to {LONGEST_TITLE} characters")
    completed = body.get("completed", False)
    if not isinstance(completed, bool):
        raise UnprocessableEntity("completed must be true or false")
    position = body.get("order", time.time_ns() // 1_000_000)
    if type(position) is not int or abs(position) > LARGEST_ORDER:
        raise UnprocessableEntity("order must be a whole number")
    return {"title": title.strip(), "completed": completed, "position": position}


def as_json(todo: Todo) -> dict[str, Any]:
    """A to-do as clients see it."""
    return {
        "id": todo.id,
        "title": todo.title,
        "completed": todo.completed,
        "order": todo.position,
        "url": f"{request.base_url}/{todo.id}",
    }
