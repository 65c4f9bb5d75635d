"""Stands in for the API and the worker: `/readyz` on their port, and nothing else."""

import http.server
import os
import signal
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = str(os.getpid()).encode()
        self.send_response(200 if self.path == "/readyz" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = os.environ["PORT" if sys.argv[1] == "api" else "WORKER_HEALTH_PORT"]
    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
