"""The page: a Gradio app that shows runs and steers them."""
