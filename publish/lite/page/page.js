// What the reader is told in JupyterLab's page: where the work stays, how to hand it in, and, where something is
// missing, what to do. It runs before JupyterLab and in browsers too old for it, so it is written in old JavaScript.
(function () {
    "use strict";
    var script = document.currentScript;
    var LOCK = "../static/pyodide/pyodide-lock.json";
    var PATIENCE = 90; // seconds until Python should have started
    var NARROW = 700; // pixels: no room for the list of files beside a notebook
    var ELSEWHERE = "If it stays so, tell the person who runs this site. The lessons can be read without Python.";
    var AGAIN = "Load the page again with Ctrl+Shift+R (on a Mac ⌘+Shift+R). " + ELSEWHERE;

    openFirstLesson();
    document.addEventListener("DOMContentLoaded", function () {
        bar();
        if (tooOld()) return;
        makeRoomOnAPhone();
        seeWhatIsKept();
        seeThePackages();
        seeThatPythonStarts();
    });

    // JupyterLab takes the path out of the address: a page loaded again opens what it was opened with.
    function openFirstLesson() {
        if (/\/(tree|workspaces)\//.test(location.pathname)) return;
        var path = new URLSearchParams(location.search).get("path");
        try {
            if (path) sessionStorage.setItem("course-path", path);
            else path = sessionStorage.getItem("course-path");
        } catch (error) { /* no storage: seeWhatIsKept tells */ }
        if (/[?&]path=/.test(location.search)) return;
        var query = location.search ? location.search + "&" : "?";
        history.replaceState(null, "", location.pathname + query + "path=" + (path || script.dataset.first) + location.hash);
    }

    // -- what may be missing --------------------------------------------------------------------------------------

    function tooOld() {
        var missing = [];
        if (typeof WebAssembly !== "object") missing.push("WebAssembly");
        else if (!WebAssembly.validate(TRY_BLOCK)) missing.push("exceptions in WebAssembly");
        if (typeof Worker !== "function") missing.push("workers");
        if (!("noModule" in HTMLScriptElement.prototype)) missing.push("modules");
        if (typeof structuredClone !== "function") missing.push("structuredClone");
        if (missing.length)
            say("old", "This browser cannot run Python: it lacks " + missing.join(", ") + ". Use a Firefox, Chrome, Edge " +
                "or Safari of the last two years. " + ELSEWHERE);
        return missing.length > 0;
    }

    function seeWhatIsKept() {
        var lost = "JupyterLab does not open: this browser stores nothing for this page. Allow site data (cookies) for " +
            "this address and load the page again, or use an ordinary window instead of a private one.";
        try {
            var asked = indexedDB.open("course-page");
            asked.onerror = function () { say("storage", lost); };
            asked.onsuccess = function () { asked.result.close(); };
        } catch (error) {
            say("storage", lost);
        }
        var unseen = "Python does not see the folder of this course here, so progress() forgets what you solved when " +
            "Python restarts. Figures, checks and your notebooks work. ";
        var worker = null;
        try { worker = navigator.serviceWorker; } catch (error) { /* refused together with the storage */ }
        if (!worker)
            say("worker", unseen + (window.isSecureContext
                ? "This browser refuses service workers: allow site data for this address, or use another window."
                : "The address begins with http: open it with https."));
        else
            worker.ready.then(function () { hush("worker"); });
    }

    function seeThePackages() {
        var broken = "The list of Python's packages cannot be read, so Python does not start. " + AGAIN;
        fetch(LOCK, { cache: "no-cache" }).then(function (answer) {
            if (!answer.ok) throw new Error(answer.status);
            return answer.json();
        }).then(function (lock) {
            var release = lock.info.version || lock.info.abi_version;
            if (release !== script.dataset.pyodide)
                say("lock", "The parts of this site do not belong together: Python is of Pyodide " + script.dataset.pyodide +
                    ", the list of its packages of " + release + ", so Python does not start. " + AGAIN);
            else
                seeTheFiles(Object.keys(lock.packages).map(function (name) { return lock.packages[name].file_name; }), []);
        }).catch(function () { say("lock", broken); });
    }

    // One after the other, so that they do not take the line from the packages themselves.
    function seeTheFiles(files, missing) {
        if (missing.length)
            say("files", "Python cannot load " + missing.join(", ") + ": cells that need it fail with " +
                "ModuleNotFoundError. A network may block such files, or the address does not answer. " + AGAIN);
        if (!files.length) return;
        var rest = files.slice(1);
        fetch(new URL(files[0], new URL(LOCK, location.href)), { method: "HEAD" }).then(
            function (answer) { seeTheFiles(rest, answer.ok ? missing : missing.concat(files[0].replace(/.*\//, ""))); },
            function () { seeTheFiles(rest, missing.concat(files[0].replace(/.*\//, ""))); }
        );
    }

    function seeThatPythonStarts() {
        var since = Date.now();
        var late = "Python has not started yet. The first time some 50 MB are loaded, which takes minutes on a slow line. " +
            "Nothing moves any more? " + AGAIN;
        var timer = setInterval(function () {
            var context = notebook() && notebook().sessionContext;
            var kernel = context && context.session && context.session.kernel;
            if (kernel && (kernel.status === "idle" || kernel.status === "busy")) {
                hush("late");
                clearInterval(timer);
            } else if (context && Date.now() - since > PATIENCE * 1000) {
                say("late", late);
            }
        }, 1000);
    }

    function notebook() {
        var app = window.jupyterapp;
        return app && app.shell && app.shell.currentWidget;
    }

    // -- the bar --------------------------------------------------------------------------------------------------

    function bar() {
        var place = document.createElement("div");
        place.id = "course-bar";
        place.innerHTML = '<div id="course-trouble" role="alert"></div><div id="course-kept"><span>What you write stays in ' +
            'this browser alone.</span> <button id="course-how" type="button">Save, hand in, help</button></div>';
        document.body.appendChild(place);
        var dialog = document.createElement("dialog");
        dialog.id = "course-help";
        dialog.setAttribute("aria-label", "Save, hand in, help");
        dialog.innerHTML = HELP;
        document.body.appendChild(dialog);
        document.getElementById("course-how").onclick = function () { dialog.showModal(); };
        dialog.querySelector("button").onclick = function () { dialog.close(); };
        makeRoom();
        if (window.ResizeObserver) new ResizeObserver(makeRoom).observe(place);
    }

    // JupyterLab shows its list of files again after it has opened a notebook, so once is not enough
    function makeRoomOnAPhone() {
        if (window.innerWidth > NARROW) return;
        var left = 15;
        var timer = setInterval(function () {
            if (!notebook()) return;
            window.jupyterapp.shell.collapseLeft();
            if (!--left) clearInterval(timer);
        }, 300);
    }

    function makeRoom() {
        var height = document.getElementById("course-bar").offsetHeight + "px";
        document.documentElement.style.setProperty("--course-bar", height);
        window.dispatchEvent(new Event("resize")); // JupyterLab lays itself out anew
    }

    function say(about, words) {
        var line = document.getElementById("course-" + about);
        if (!line) {
            line = document.createElement("p");
            line.id = "course-" + about;
            document.getElementById("course-trouble").appendChild(line);
        }
        line.textContent = words;
    }

    function hush(about) {
        var line = document.getElementById("course-" + about);
        if (line) line.parentNode.removeChild(line);
    }

    // a WebAssembly module with one function: try, catch_all, end
    var TRY_BLOCK = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 6, 64, 25, 11, 11]);

    var HELP =
        "<h2>Save, hand in, help</h2>" +
        "<dl><dt>Where is my work?</dt><dd>In this browser on this computer, and nowhere else. It is saved every 20 " +
        "seconds. It is gone when you delete the browser’s data, and another browser does not have it.</dd>" +
        "<dt>Keep it, or go on elsewhere</dt><dd>Choose <b>File → Download</b>. Drag the file into the list of files on the left " +
        "to go on with it, here or anywhere else.</dd>" +
        "<dt>Hand it in</dt><dd>Choose <b>File → Save Notebook</b>, then <b>File → Download</b>, and hand in that " +
        "file. Its name begins with exercises_ here, which does no harm.</dd>" +
        "<dt>It computes for ever</dt><dd>A browser cannot interrupt Python. Choose <b>Kernel → Restart Kernel</b>; your text stays. " +
        "The checks of the exercises stop an endless loop themselves, after three seconds.</dd>" +
        "<dt>Begin a notebook anew</dt><dd>Right-click it in the list of files, choose <b>Delete</b>, and load the page again: " +
        "the course’s own is back.</dd>" +
        "<dt>How long does it take?</dt><dd>Python starts while you read the first lines: some 20 seconds, less when the " +
        "browser has the files already.</dd></dl>" +
        '<button type="button">Close</button>';
})();
