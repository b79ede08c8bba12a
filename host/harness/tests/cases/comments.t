# Headings, text
and lines with one space or a tab are comments:
 $ echo not run
	$ echo not run

  $ echo run
  run

A case may end with a comment.
