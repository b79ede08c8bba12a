#### plain
x=5
cat <<E
a $x
  b ${x}c $((x + 1)) $(echo cmd) `echo bq`
E
#### quoted delimiter
x=5
cat <<'E'
$x `no` $(no) \n \\ \$
E
cat <<"E"
$x
E
cat <<\E
$x "q"
E
cat <<E'N'D
$x joined
END
#### escapes in an unquoted document
x=5
cat <<E
\$x \\ \` \a \"q\" 'q' "q" \n
a\
b
E
#### tabs removed
cat <<-E
	one
		two
	  three
	E
if true; then
	cat <<-'E'
	$quoted
	E
fi
#### two on a line
cat <<A; cat <<B
first
A
second
B
cat <<A - <<B
lost
A
used
B
#### two descriptors
cat 3<<A <<B /dev/fd/3 -
three
A
stdin
B
#### in a pipeline
cat <<E | tr a-z A-Z
shout
E
cat <<E |
next line pipe
E
cat
#### in a list
cat <<E && echo after
body
E
false || cat <<E
or body
E
#### in functions
f() {
  cat <<E
arg: $1
E
}
f one
f two
#### in loops
for i in 1 2; do
cat <<E
i=$i
E
done
while read -r l; do echo "<$l>"; done <<E
a b
  c
E
#### in command substitution
x=$(cat <<E
inside
two
E
)
echo "$x"
echo "$(cat <<'E'
has ) and ' and "
E
)"
#### in an if condition
if grep -q needle <<E
hay
needle
E
then echo found; fi
#### empty document
cat <<E
E
wc -c <<E | tr -d ' '
E
echo done
#### only the delimiter's exact line ends it
cat <<E
 E
E E
EE
E
echo next
#### delimiter with odd characters
cat <<'END OF TEXT'
body
END OF TEXT
cat <<!
bang
!
cat <<--
dashes
-
#### at end of the script without delimiter
cat <<E 2>/dev/null
body
last
#### backslash newline joins the delimiter
cat <<E
a\
E
still
E
#### expansions over lines
cat <<E
$(echo one
echo two)
${x:-default
text}
E
#### no splitting or globbing
touch f1
x='a   *'
cat <<E
$x
*
"$x"
E
#### positional and special
set -- p 'q r'
cat <<E
$1 $2 $# $@ $* $?
E
#### quotes in expansions
unset x
cat <<E
${x:-"quoted"} ${x:-'single'} "${x:-y}"
$(echo "a  b") `echo "c  d"`
E
#### dollar at odd places
x=5
cat <<E
$ a$ $. $% cost: 5$
\$5 \$$x $x$
E
#### assignment in the body
cat <<E
${v:=assigned}
E
echo $v
#### body with here-document operators
cat <<E
cat <<F
text
F
E
#### eval of a here-document
eval 'cat <<E
in eval
E'
eval "$(cat <<'E'
echo generated
E
)"
#### sourced here-document
cat > s <<'E'
cat <<F
from file $1
F
E
. ./s arg
#### read from one
read -r a b <<E
one two three
E
echo "$a|$b"
#### descriptor zero and others
cat 0<<E
zero
E
read -r x <&4 4<<E
four
E
echo "<$x>"
read -r x 4<<E <&4
four
E
echo "<$x>"
#### function with redirection of a body
f() { cat; } <<E
fixed $((1+1))
E
f; f
#### nested with tabs
f() {
	cat <<-X
		outer
	$(cat <<-Y
		inner
	Y
	)
	X
}
f
#### comment after the operator
cat <<E # comment here
body
E
#### after redirections and arguments
cat <<E > out
to file
E
cat out
cat > out2 <<E
to file 2
E
cat out2
#### here-string
cat <<< word
cat <<< 'two  words'
x='a   b'; cat <<< $x; cat <<< "$x"
cat <<< ""
cat <<< $'l1\nl2'
cat <<<nospace
#### here-string is not split or globbed
touch f1 f2
cat <<< *
cat <<< {a,b}
x='*'; cat <<< $x
cat <<< ~
#### here-string with read
read -r a b c <<< 'x y z w'
echo "$a,$b,$c"
IFS=: read -r a b <<< 'p:q'
echo $a $b
#### here-string of substitutions
cat <<< "$(seq 3)"
cat <<< $((6 * 7))
cat <<< "${x:-default}"
#### here-string adds one newline
wc -c <<< abc | tr -d ' '
wc -c <<< "" | tr -d ' '
wc -c <<< $'a\n' | tr -d ' '
#### on another descriptor
cat 3<<< three <&3
while read -r a <&5; do echo "5:$a"; done 5<<< $'m\nn'
#### a big one
x=$(seq 1 5000)
wc -l <<< "$x" | tr -d ' '
wc -l <<E | tr -d ' '
$x
E
#### the status of the substitution inside does not matter
cat <<E
$(false)x
E
echo $?
#### a delimiter from a word with a dollar
cat <<$x
literal
$x
#### a here-document in the middle of a multi-line command
cat <<E \
  | sed 's/a/b/'
aaa
E
#### unicode body
cat <<E
é → 中 😀
E
#### case with here-documents
case a in
a) cat <<E
in a
E
;;
esac
#### group with here-document
{ cat; echo after; } <<E
grouped
E
( read -r l; echo "sub $l" ) <<E
text
E
