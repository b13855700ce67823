"""nginx: plain as it is; JWT in Lua with libcrypto through the FFI and a table of tokens in the worker."""

from __future__ import annotations

from pathlib import Path

from .peer import Peer, Settings, output_of

BINARY = "/usr/sbin/nginx"
PACKAGES = {BINARY: "nginx-light"}


def command(configuration: Path) -> list[str]:
    # -p: paths in the configuration are relative to nginx's own folder, where the modules are.
    return [BINARY, "-p", "/usr/share/nginx", "-e", "stderr", "-c", str(configuration)]


class Nginx(Peer):
    name = "nginx"
    title = "nginx + Lua, cached"
    extension = ".conf"
    packages = PACKAGES | {
        "/usr/lib/nginx/modules/ngx_http_lua_module.so": "libnginx-mod-http-lua",
        "/usr/share/lua/5.1/resty/core.lua": "lua-resty-core",
        "/usr/share/lua/5.1/cjson/util.lua": "lua-cjson",
    }

    # glibc would give the end of the heap back to the kernel and ask for it again, request after request: this saves
    # nginx 10 % of its CPU where a head needs a buffer of its own.
    environment = {"MALLOC_TRIM_THRESHOLD_": str(16 << 20), "MALLOC_TOP_PAD_": str(1 << 20)}

    def command(self, configuration: Path) -> list[str]:
        return command(configuration)

    def version(self) -> str:
        return output_of(BINARY, "-v").rpartition("/")[2] or "unknown"

    def values(self, settings: Settings) -> dict[str, object]:
        values: dict[str, object] = {
            "CHECK": "check_rule" if "rule" in settings.case.features else "check",
            "HTTP2": " http2" if settings.case.transport == "h2" else "",
        }
        if settings.case.routes:
            values["ROUTES"] = settings.directory / "locations.conf"
            locations = (f"location {prefix} {{ proxy_pass http://bench; }}\n" for prefix in settings.prefixes())
            values["ROUTES"].write_text("".join(locations))
        return values
