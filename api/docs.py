"""The OpenAPI document and its page, whose scripts are served from here: no CDN."""

from importlib.resources import files

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import FromPath

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-standalone-preset.js": "text/javascript",
    "swagger-ui.css": "text/css",
}


@get("/schema/assets/{name:str}", opt={"entry": "open"}, include_in_schema=False, sync_to_thread=False)
def assets(name: FromPath[str]) -> Response[bytes]:
    """A script or style of the documentation page."""
    if name not in ASSETS:
        raise NotFoundException
    content = files("swagger_ui").joinpath("static", name).read_bytes()
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(content, media_type=ASSETS[name], headers=headers)


def openapi_config() -> OpenAPIConfig:
    """What `/schema` shows."""
    return OpenAPIConfig(
        title="Gangway",
        version="1",
        description="Onboarding runs: start, answer, complete, and read the profile.",
        path="/schema",
        security=[{"bearer": []}],
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
        render_plugins=[
            SwaggerRenderPlugin(
                path=["/", "/swagger"],
                js_url="/schema/assets/swagger-ui-bundle.js",
                css_url="/schema/assets/swagger-ui.css",
                standalone_preset_js_url="/schema/assets/swagger-ui-standalone-preset.js",
            )
        ],
    )
