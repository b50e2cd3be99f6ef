"""A review that may use several models: each step takes what the plan says, and the bill stays within the budget."""

from typing import TYPE_CHECKING

from rheostat.app_core.ports import Price
from rheostat.dag.io.lessons import SqliteLessons
from rheostat.examples.legal.review import app, review

from .conftest import SAMPLE

if TYPE_CHECKING:
    from .conftest import Office, Student

PRICES = {
    "small": Price(prompt_usd=1e-7, answer_usd=4e-7),
    "large": Price(prompt_usd=3e-6, answer_usd=1.5e-5),
}


def test_a_review_with_two_models_spends_where_it_helps_and_learns(office: "Office", student: "Student") -> None:
    def run(number: int, budget_usd: float) -> tuple[str, float, set[str]]:
        office.answers(student.on_the_sample, price=PRICES)
        done = app.run(
            review,
            dial=2,
            models=PRICES,
            budget_usd=budget_usd,
            path=str(SAMPLE / "nda.docx"),
            playbook=str(SAMPLE / "playbook.yaml"),
            out=str(office.folder / f"copy-{number}.docx"),
        )
        assert done.spent_usd <= budget_usd and done.view.ways["one_rule/judge"] is not None
        return done.status, done.spent_usd, {request.model for request in office.gateway.requests}

    app.lessons = SqliteLessons(office.folder / "lessons.sqlite")
    try:
        rich_status, rich_usd, _ = run(1, 1.0)
        poor_status, poor_usd, poor_models = run(2, rich_usd / 10)
        lessons, copies = app.lessons.of("legal")
    finally:
        app.lessons = None
    assert rich_status == "done" and poor_status in ("done", "partial")
    assert poor_models == {"small"} and 0 < poor_usd < rich_usd
    assert {lesson.task for lesson in lessons} >= {"one_rule/judge", "one_rule/target"}
    assert [copy.count for copy in copies if copy.task == "one_rule"] == [7, 7]
