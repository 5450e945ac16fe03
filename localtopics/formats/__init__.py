"""Files of one document each, such as mails, pages and PDFs: their text, title and time."""
