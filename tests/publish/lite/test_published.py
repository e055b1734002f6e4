"""The pair that is published: Python starts from this site, and only the five compiled packages lie elsewhere."""

from .conftest import built
from .site import outside, started, told

ELSEWHERE = {"contourpy", "kiwisolver", "matplotlib", "numpy", "pillow"}
MODULES = ("contourpy", "kiwisolver", "matplotlib", "numpy", "PIL")
ASK = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({ code });
    let text = "";
    future.onIOPub = (message) => { text += message.content.text ?? message.content.evalue ?? ""; };
    await future.done;
    return text;
}"""


def test_it_boots_and_asks_for_the_five_binaries_alone(context):
    with built("lite-publish") as site:
        asked = outside(context, site)
        page = context.new_page()
        page.goto(site.url("notebooks/00_start_here.ipynb"))
        started(page)
        assert page.evaluate(ASK, "import sys; print(sys.version)").startswith("3.14.")
        assert (
            page.evaluate(ASK, "import course_lib, ipywidgets, anywidget, tqdm; print('here')").strip()
            == "here"
        )
        lacking = page.evaluate(ASK, "import course_lib.live")
        assert lacking in {f"No module named '{module}'" for module in MODULES}
        assert {address.rpartition("/")[2].partition("-")[0] for address in asked} == ELSEWHERE
        said = told(page, "files")
        assert not page.locator("#course-lock").count(), said
        assert all(name in said for name in ELSEWHERE), "what this machine cannot reach is told"
