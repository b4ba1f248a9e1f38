"""What a cell shows is a few sentences; what comes from data is escaped."""

from cxmodels.reporting.shown import Answer, LeftOut


def test_an_answer_is_its_sentences():
    answer = Answer(("Spend < 5.", "Few came."))
    assert str(answer) == "Spend < 5. Few came."
    assert answer._repr_html_() == '<div class="answer"><p>Spend &lt; 5.</p><p>Few came.</p></div>'


def test_a_section_left_out_shows_its_reason():
    left = LeftOut("Nobody <came> back.")
    assert str(left) == "Nobody <came> back."
    assert left._repr_html_() == '<p class="left-out">Nobody &lt;came&gt; back.</p>'
