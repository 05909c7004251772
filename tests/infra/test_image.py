from collections.abc import Callable
from pathlib import Path

from tests.infra.recorder import Deployment
from todo_infra.image import registry_path
from todo_infra.terraform_state import Repository

IMAGE = "docker:index/image:Image"
HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
Deploy = Callable[..., Deployment]


def test_the_tag_is_the_contents_hash(deploy: Deploy, project: Path) -> None:
    first = deploy().one(IMAGE).inputs["imageName"]
    again = deploy().one(IMAGE).inputs["imageName"]
    (project / "app" / "Dockerfile").write_text("FROM scratch\nUSER 65532\n")
    changed = deploy().one(IMAGE).inputs["imageName"]
    assert first == again
    assert first != changed
    assert first.startswith(f"{HOST}/todo:todo-prod-")


def test_the_tag_changes_with_platform_and_base_image(deploy: Deploy) -> None:
    changes: list[dict[str, str]] = [{}, {"platform": "linux/arm64"}, {"baseImage": "python:3.13"}]
    assert len({deploy(image=one).one(IMAGE).inputs["imageName"] for one in changes}) == 3


def test_the_build_gets_platform_and_base_image(deploy: Deploy) -> None:
    settings = {"platform": "linux/arm64", "baseImage": "mirror.example/python:3.13"}
    build = deploy(image=settings).one(IMAGE).inputs["build"]
    assert build["platform"] == "linux/arm64"
    assert build["args"] == {"BASE_IMAGE": "mirror.example/python:3.13"}


def test_a_build_takes_over_layers_of_images_that_are_named(deploy: Deploy) -> None:
    caches = ["registry.example/todo:cache"]
    plain, cached = (
        deploy().one(IMAGE).inputs,
        deploy(image={"cacheFrom": caches}).one(IMAGE).inputs,
    )
    assert cached["build"]["cacheFrom"] == {"images": caches}
    assert cached["build"]["args"] == {"BUILDKIT_INLINE_CACHE": "1"}
    assert "cacheFrom" not in plain["build"]
    assert cached["imageName"] == plain["imageName"]  # the same content


def test_without_a_base_image_the_dockerfile_decides(prod: Deployment) -> None:
    assert prod.one(IMAGE).inputs["build"]["args"] == {}


def test_the_state_holds_no_path_of_this_machine(prod: Deployment) -> None:
    assert not Path(prod.one(IMAGE).inputs["build"]["context"]).is_absolute()


def test_logs_in_with_a_token_of_the_repositorys_account(prod: Deployment) -> None:
    registry = prod.one(IMAGE).inputs["registry"]
    assert (registry["server"], registry["username"]) == (HOST, "AWS")
    assert prod.calls["aws:ecr/getAuthorizationToken:getAuthorizationToken"] == [
        {"registryId": "111122223333"}
    ]


def test_the_registry_password_is_a_secret(prod: Deployment) -> None:
    assert "registry" in prod.one(IMAGE).secret_inputs


def test_a_mirror_takes_the_place_of_the_host_everywhere(local: Deployment) -> None:
    image = local.one(IMAGE).inputs
    assert image["imageName"].startswith("localhost:4566/todo:todo-local-")
    assert image["registry"]["server"] == "localhost:4566"
    assert local.containers()["app"]["image"] == "localhost:4566/todo@sha256:1234"


def test_a_mirror_keeps_the_repositorys_path() -> None:
    repository = Repository(
        url=f"{HOST}/team/todo", account="111122223333", region="eu-west-1", name="team/todo"
    )
    assert registry_path(repository, "mirror.example:5000") == "mirror.example:5000/team/todo"
    assert registry_path(repository, None) == f"{HOST}/team/todo"


def test_all_containers_are_deployed_by_digest(prod: Deployment) -> None:
    images = {container["image"] for container in prod.containers().values()}
    assert images == {f"{HOST}/todo@sha256:1234"}
