#### trailing newlines are removed
x=$(printf 'a\n\n\n')
echo "<$x>"
x=$(printf '\n\na\n b\n\n')
echo "<$x>"
x=$(printf '\n\n')
echo "<$x>" ${#x}
#### nested
echo $(echo a $(echo b $(echo c)))
echo "$(echo "$(echo "x  y")")"
#### backquotes
echo `echo one`
echo `echo a \`echo b\` c`
x=5
echo `echo \$x` `echo '$x'` `echo \\$x`
echo "`echo \"a  b\"`"
#### backquote escapes
echo `echo \\\\`
echo $(echo \\\\)
echo `printf '%s' 'a\\b'`
echo $(printf '%s' 'a\\b')
#### status
x=$(exit 3); echo $?
echo $(exit 4); echo $?
local_f() { local v=$(exit 5); echo $?; local w; w=$(exit 5); echo $?; }
local_f
#### the variables of a substitution do not leak
x=1
y=$(x=2; echo $x)
echo $x $y
z=$(cd /; echo "${PWD}")
[ "$PWD" != / ] && echo "$z"
#### exit ends only the substitution
echo "$(echo a; exit; echo b)"
echo after
#### positional parameters inside
set -- p q
echo "$(echo $1; set -- r; echo $1)" $1
#### functions inside
f() { echo "f $1"; }
echo "$(f x) $(f y)"
x=$(g() { echo inner; }; g)
echo $x; type g 2>/dev/null || echo no g
#### file contents
printf 'l1\nl2\n\n' > f
x=$(<f)
echo "<$x>"
x=$(< f)
echo "<$x>"
echo "$(cat f)"
y=$(<nosuch) 2>/dev/null
echo "$? <$y>"
#### splitting and globbing of the result
touch a1 a2
echo $(echo 'a*')
echo "$(echo 'a*')"
printf '<%s>' $(echo '1  2'); echo
#### with a comment and a parenthesis
x=$(
  # a comment with ) and '
  echo ok
)
echo $x
#### with case inside
x=$(case a in a) echo matched;; *) echo no;; esac)
echo $x
x=$(case b in (b) echo paren;; esac)
echo $x
#### with here-document inside
x=$(cat <<E
line $((1+1))
E
)
echo "$x"
echo "$(cat <<'E'
$raw
E
) end"
#### pipelines and lists inside
echo $(echo b; echo a) $(printf '3\n1\n2\n' | sort | head -n 1)
echo $(false || echo or) $(true && echo and)
#### subshell first
echo $( (echo a; echo b) | tr a-z A-Z )
echo $(( 1 + 1 )) $( ( echo x ) )
#### standard error is not captured
x=$(echo out; echo err >&2) 2>/dev/null
echo "<$x>"
x=$( { echo out; echo err >&2; } 2>&1 )
echo "<$x>"
#### swap of the two outputs
x=$( { echo out; echo err >&2; } 3>&1 1>&2 2>&3 3>&- ) 2>/dev/null
echo "<$x>"
#### standard input is shared
printf 'a\nb\nc\n' | { x=$(read -r l; echo "$l"); cat; echo "<$x>"; }
printf '1\n2\n' | { read a; b=$(cat); echo "$a-$b"; }
#### NUL bytes are dropped
x=$(printf 'a\0b') 2>/dev/null
echo "$x" ${#x}
#### in a command's name and options
$(echo echo) hi
$(echo 'echo a b')
"$(echo echo)" quoted
#### in a redirection
echo hi > $(echo out).txt
cat < "$(echo out.txt)"
#### in an assignment with spaces
x="$(echo 'a   b')" y=$(echo 'c   d')
echo "$x|$y"
#### in for
for i in $(seq 3) $(echo x); do printf '%s,' $i; done; echo
#### in case and conditions
case $(echo hi) in hi) echo yes;; esac
if [ "$(echo x)" = x ]; then echo same; fi
[[ $(echo abc) == a* ]] && echo match
#### large output
x=$(seq 1 20000)
echo ${#x}
set -- $x
echo $#
#### loops with many substitutions
s=0
for i in 1 2 3 4 5 6 7 8 9 10; do s=$(expr $s + $i); done
echo $s
t=0
for i in {1..100}; do t=$(echo $((t + i))); done
echo $t
#### empty substitution
x=$()
echo "<$x>" $?
x=``
echo "<$x>"
printf '<%s>' $() a; echo
#### quotes after a substitution
echo $(echo a)'b'"c"$(echo d)
#### recursion
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(($1 * $(fact $(($1 - 1))))); fi; }
fact 10
#### set -e inside
x=$(set -e; echo a; false; echo b)
echo "$? $x"
#### return in a function inside
f() { x=$(return 3; echo no); echo "$? <$x>"; }
f
#### several on a line keep their order
n=0
f() { echo $1 >> log; echo $1; }
echo $(f 1) $(f 2) $(f 3)
tr '\n' ' ' < log; echo
#### newline in arguments
echo "$(echo a
echo b)"
#### escaped dollar
echo "\$(echo no)" '$(echo no)' "\`no\`"
#### traps are not inherited
trap 'echo trapped' EXIT
x=$(echo inside)
echo "$x"
trap - EXIT
x=$(trap 'echo in trap' EXIT; echo body)
echo "$x"
#### BASH_SUBSHELL
echo $BASH_SUBSHELL $(echo $BASH_SUBSHELL) $(echo $(echo $BASH_SUBSHELL)) $( (echo $BASH_SUBSHELL) )
#### background inside
x=$(echo a & wait; echo b)
echo $x
#### unterminated
eval 'echo $(echo a' 2>/dev/null
echo $?
#### aliases of braces and quotes within
echo "a$(echo "b$(echo 'c"d')e")f"
echo "${x:-$(echo "}")}"
#### long lines
x=$(printf 'x%.0s' {1..70000})
echo ${#x}
