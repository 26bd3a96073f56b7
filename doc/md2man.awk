# SPDX-License-Identifier: MIT OR Apache-2.0
# Makes doc/man/fdbg-values.7 of doc/values.md: headings, paragraphs, lists of one level, tables (whose first column becomes
# the tag), code and bold. tests/values_page.sh compares.
#     awk -f doc/md2man.awk doc/values.md >doc/man/fdbg-values.7

function text(s,    out, code, bold, c, i) {
	out = ""
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "`") {
			code = !code
			out = out (code ? "\\fB" : bold ? "\\fB" : "\\fR")
		} else if (!code && substr(s, i, 2) == "**") {
			bold = !bold
			out = out (bold ? "\\fB" : "\\fR")
			i++
		} else if (!code && c == "[" && match(substr(s, i), /^\[[^]]*\]\([^)]*\)/)) {
			i++
			for (; substr(s, i, 1) != "]"; i++)
				out = out substr(s, i, 1)
			for (; substr(s, i, 1) != ")"; i++)
				;
		} else if (c == "\\") {
			out = out "\\e"
		} else if (c == "-" && code) {
			out = out "\\-"
		} else if (c == "'" && code) {
			out = out "\\(aq"
		} else {
			out = out c
		}
	}
	if (out ~ /^[.']/)
		out = "\\&" out
	return out
}

# What was gathered of a paragraph, an item or the cells of a table.
function flush() {
	if (gathered != "")
		print text(gathered)
	gathered = ""
}

BEGIN {
	print ".\\\" SPDX-License-Identifier: MIT OR Apache-2.0"
	print ".\\\" Made from doc/values.md by doc/md2man.awk."
	print ".TH FDBG\\-VALUES 7 2026-11-22 fdbg \"Miscellaneous Information\""
	print ".SH NAME"
	print "fdbg\\-values \\- how fdbg shows values, and which it cannot"
}

/^# / {
	print ".SH DESCRIPTION"
	next
}

/^##+ / {
	flush()
	in_list = in_table = 0
	level = $1
	sub(/^#+ /, "")
	print (level == "##" ? ".SH " : ".SS ") "\"" text(level == "##" ? toupper($0) : $0) "\""
	next
}

/^\|/ {
	flush()
	if (!in_table) {
		in_table = 1
		rows = 0
	}
	# Bars inside of code do not part cells.
	line = substr($0, 3, length($0) - 4)
	cut = index(line, " | ")
	if (rows++ > 1) {
		print ".TP"
		print text(substr(line, 1, cut - 1))
		print text(substr(line, cut + 3))
	}
	next
}

/^- / {
	flush()
	print ".IP \\(bu 3"
	in_list = 1
	gathered = substr($0, 3)
	next
}

/^$/ {
	flush()
	blank = 1
	next
}

{
	if (blank && gathered == "" && !/^ /)
		print ".PP"
	blank = in_table = 0
	sub(/^ +/, "")
	gathered = gathered == "" ? $0 : gathered "\n" $0
}

END {
	flush()
	print ".SH SEE ALSO"
	print ".BR fdbg (1),"
	print ".BR fdbg\\-dump (1),"
	print ".BR fdbg\\-show (1),"
	print ".BR fdbg\\-stream (5),"
	print ".BR fdbg\\-visualizers (5)"
}
