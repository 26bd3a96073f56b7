# SPDX-License-Identifier: MIT OR Apache-2.0
"""A headless Chromium, driven through chromedriver by the WebDriver protocol (W3C), with Python's library alone."""

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import harness

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"     # the protocol's name for a reference to an element
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "ArrowDown": "\ue015", "ArrowUp": "\ue013", "ArrowLeft": "\ue012",
        "ArrowRight": "\ue014", "End": "\ue010", "Home": "\ue011", "PageDown": "\ue00f", "PageUp": "\ue00e", "Shift": "\ue008"}


def find(*names):
    for name in names:
        if shutil.which(name):
            return shutil.which(name)
    return None


class Browser:
    """One browser with one window. Everything that it started ends with close()."""

    def __init__(self, width=1280, height=800, dark=False):
        chromium = find("chromium", "chromium-browser", "google-chrome")
        driver = find("chromedriver")
        if not chromium or not driver:
            raise unittest.SkipTest("there is no chromium with a chromedriver (Debian: chromium, chromium-driver)")
        self.profile = tempfile.mkdtemp(prefix="fdbg-e2e-chromium-")
        self.log = tempfile.TemporaryFile()
        self.session = None
        self.process = subprocess.Popen([driver, "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.log, env=dict(harness.clean_environment(), HOME=self.profile),
                                        start_new_session=True)
        try:
            port = self.port()
            self.base = "http://127.0.0.1:%d" % port
            arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                         "--disable-background-networking", "--disable-component-update", "--disable-sync",
                         "--disable-dev-shm-usage", "--force-color-profile=srgb",
                         "--user-data-dir=" + os.path.join(self.profile, "profile"), "--window-size=%d,%d" % (width, height)]
            if dark:
                arguments.append("--blink-settings=preferredColorScheme=0")
            made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": {"binary": chromium, "args": arguments}, "goog:loggingPrefs": {"browser": "ALL"},
                "timeouts": {"script": int(60000 * harness.SLOWNESS), "pageLoad": int(120000 * harness.SLOWNESS)}}}})
            self.session = "/session/" + made["sessionId"]
        except BaseException:
            self.close()
            raise

    def port(self):
        """The port that chromedriver chose and says."""
        for _ in range(20):
            line = self.process.stdout.readline().decode(errors="replace")
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
            if not line:
                break
        raise AssertionError("chromedriver does not start")

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=150 * harness.SLOWNESS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise AssertionError("%s %s: %s" % (method, path, e.read().decode(errors="replace")[:800]))

    def open(self, path):
        self.call("POST", self.session + "/url", {"url": "file://" + os.path.abspath(path)})

    def run(self, script, *arguments):
        """The value of a script's return."""
        return self.call("POST", self.session + "/execute/sync", {"script": script, "args": list(arguments)})

    def element(self, css):
        return self.call("POST", self.session + "/element", {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.call("POST", self.session + "/element/%s/click" % self.element(css), {})

    def type(self, css, text):
        """Types text into an element; keys of KEYS by their character."""
        self.call("POST", self.session + "/element/%s/value" % self.element(css), {"text": text})

    def press(self, *names):
        """Presses keys one after another where the focus is; a name of KEYS or a character."""
        actions = []
        for name in names:
            key = KEYS.get(name, name)
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.call("POST", self.session + "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def hover(self, css):
        self.call("POST", self.session + "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "duration": 0, "origin": {ELEMENT: self.element(css)}, "x": 0, "y": 0}]}]})

    def wait(self, script, *arguments, seconds=20):
        """Waits until the script gives something true, and returns it."""
        end = time.monotonic() + seconds * harness.SLOWNESS
        while True:
            value = self.run(script, *arguments)
            if value or time.monotonic() > end:
                return value
            time.sleep(0.03)

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("GET", self.session + "/screenshot")))

    def complaints(self):
        """What the page wrote to the console as errors, uncaught exceptions and blocked requests included."""
        return [e for e in self.call("POST", self.session + "/se/log", {"type": "browser"}) if e["level"] == "SEVERE"]

    def close(self):
        if self.session:
            try:
                self.call("DELETE", self.session)
            except (AssertionError, OSError):
                pass
        harness.kill_session(self.process.pid)
        self.process.wait()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.profile, ignore_errors=True)
