"""An edition as HTML and text: content, themes, MJML compiled in a child process, pictures."""
