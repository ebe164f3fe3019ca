"""What a visitor chose, as the inputs of a run."""

import gradio as gr
import pytest

from style_transfer.ui.handlers.inputs import START_IDS, read_inputs


@pytest.mark.parametrize("seed", [1.5, None, -1, 2**53])
def test_a_seed_that_no_noise_has_is_refused_in_a_sentence(context, session, seed):
    named = dict.fromkeys(START_IDS, "a.jpg") | {"size": {"size": 480, "enlarge": False}}
    with pytest.raises(gr.Error, match=r"^'seed must be a .*number.*(, not |is empty)") as refused:
        read_inputs(session, named | {"seed": seed}, context.reader.of(""))
    assert "None" not in refused.value.message
