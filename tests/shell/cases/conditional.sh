#### strings
[[ a == a ]]; echo $?
[[ a = b ]]; echo $?
[[ a != b ]]; echo $?
[[ -z '' && -n x ]]; echo $?
[[ x ]]; echo $?
[[ '' ]]; echo $?
#### no splitting or globbing
x='a  b'; e=
[[ $x == 'a  b' ]] && echo same
[[ $e == '' ]] && echo empty
[[ -n $x ]] && echo nonempty
[[ -z $e ]] && echo zero
touch f1; [[ f* == 'f*' ]] && echo literal
#### patterns
[[ abc == a* ]] && echo star
[[ abc == a?c ]] && echo question
[[ abc == [a-c]bc ]] && echo set
[[ abc == 'a*' ]] || echo quoted
[[ abc == "a"* ]] && echo mixed
[[ abc != x* ]] && echo not
p='a*'; [[ abc == $p ]] && echo var; [[ abc == "$p" ]] || echo quoted var
#### order
[[ a < b ]] && echo less
[[ b > a ]] && echo greater
[[ 10 < 9 ]] && echo lexical
[[ a < a ]] || echo equal
[[ abc < abd ]] && echo abc
#### numbers
[[ 1 -eq 1 && 2 -gt 1 && 1 -le 1 ]] && echo ok
[[ 010 -eq 8 ]] && echo octal
[[ 0x10 -eq 16 ]] && echo hex
x=5; [[ x -eq 5 ]] && echo name
[[ 1+1 -eq 2 ]] && echo expr
[[ '' -eq 0 ]] && echo empty is zero
#### logic
[[ a == a && b == b ]] && echo and
[[ a == b || b == b ]] && echo or
[[ ! a == b ]] && echo not
[[ ! ( a == b || c == d ) ]] && echo group
[[ a == a || b == c && d == e ]] && echo precedence
#### short circuit
i=0
[[ a == b && $((i++)) ]]; echo $i
[[ a == a || $((i++)) ]]; echo $i
[[ a == a && $((i++)) ]]; echo $i
#### several lines
[[ a == a &&
   b == b
   || c == d ]] && echo multi
[[
  x == x
]] && echo lines
#### regex
[[ abc123 =~ [0-9]+ ]] && echo "${BASH_REMATCH[0]}"
[[ abc =~ ^[a-z]+$ ]] && echo full
[[ abc =~ b ]] && echo part
[[ abc =~ x ]]; echo $?
[[ abc =~ [ ]] 2>/dev/null; echo $?
#### groups
[[ 2024-05-17 =~ ^([0-9]{4})-([0-9]{2})-([0-9]{2})$ ]]
echo "${#BASH_REMATCH[@]} ${BASH_REMATCH[1]} ${BASH_REMATCH[2]} ${BASH_REMATCH[3]}"
[[ key=value =~ ([^=]+)=(.*) ]] && echo "${BASH_REMATCH[@]:1}"
#### optional groups
[[ ab =~ (a)(x)?(b) ]]; echo "<${BASH_REMATCH[2]}>" ${#BASH_REMATCH[@]}
[[ foo =~ (bar)?foo ]]; echo "<${BASH_REMATCH[0]}> <${BASH_REMATCH[1]}>"
#### rematch after failure
[[ abc =~ b ]]; [[ abc =~ x ]]; echo "${#BASH_REMATCH[@]}"
#### quoted parts are literal
[[ a.c =~ a'.'c ]] && echo dot
[[ abc =~ a'.'c ]] || echo nodot
[[ 'a+b' =~ a"+"b ]] && echo plus
[[ 'a+b' =~ a\+b ]] && echo esc
re='a.c'; [[ abc =~ $re ]] && echo var; [[ abc =~ "$re" ]] || echo quoted var
#### regex with spaces and special characters
re='^ *([a-z]+) +([a-z]+) *$'
[[ '  foo   bar ' =~ $re ]] && echo "${BASH_REMATCH[1]}-${BASH_REMATCH[2]}"
[[ 'a b' =~ a\ b ]] && echo space
[[ 'a b' =~ a' 'b ]] && echo space2
[[ 'x;y' =~ x\;y ]] && echo semi
#### alternation and anchors
for w in cat dog bird cats; do [[ $w =~ ^(cat|dog)s?$ ]] && echo "$w ${BASH_REMATCH[1]}"; done
#### classes
[[ 'ab 12' =~ ^[[:alpha:]]+[[:space:]][[:digit:]]+$ ]] && echo classes
[[ 'a_b' =~ [^[:alnum:]] ]] && echo "${BASH_REMATCH[0]}"
[[ $'a\tb' =~ [[:blank:]] ]] && echo tab
#### intervals
[[ aaa =~ ^a{3}$ ]] && echo three
[[ aaaa =~ ^a{2,3}$ ]] || echo no
[[ aaaa =~ ^a{2,}$ ]] && echo atleast
#### leftmost longest
[[ xabcabcy =~ (abc)+ ]] && echo "${BASH_REMATCH[0]}"
[[ abcd =~ a|ab|abc ]] && echo "${BASH_REMATCH[0]}"
[[ foobar =~ o* ]]; echo "<${BASH_REMATCH[0]}>"
#### brackets in regex
[[ 'a]b' =~ []] ]] && echo close
[[ 'a-b' =~ [a-] ]] && echo dash
[[ 'x[1]' =~ \[([0-9]+)\] ]] && echo "${BASH_REMATCH[1]}"
[[ '(x)' =~ \((.)\) ]] && echo "${BASH_REMATCH[1]}"
#### backslash sequences
re='\.txt$'
[[ file.txt =~ $re ]] && echo ext
[[ filetxt =~ $re ]] || echo noext
[[ 'a\b' =~ \\ ]] && echo bs
[[ 'a$b' =~ \$ ]] && echo dollar
#### regex over newlines
s=$'one\ntwo'
[[ $s =~ ^one ]] && echo start
[[ $s =~ two$ ]] && echo end
[[ $s =~ one.two ]] && echo dot
[[ $s =~ one$ ]] || echo 'no line end'
#### empty regex and value
[[ '' =~ ^$ ]] && echo empty
[[ abc =~ '' ]] && echo any
x=; [[ abc =~ $x ]] && echo emptyvar
#### nocasematch
shopt -s nocasematch
[[ ABC == abc ]] && echo eq
[[ ABC =~ ^a ]] && echo re
[[ ABC == [a]* ]] && echo pat
shopt -u nocasematch
[[ ABC == abc ]] || echo ne
#### all matches by a loop
s='a1b22c333'
while [[ $s =~ ([0-9]+)(.*) ]]; do echo "${BASH_REMATCH[1]}"; s=${BASH_REMATCH[2]}; done
#### unicode
[[ é =~ ^.$ ]] && echo one
[[ naïve =~ ï ]] && echo in
[[ é == ? ]] && echo pat
[[ é == [[:alpha:]] ]] && echo alpha
#### files
touch f; mkdir d; ln -s f l
[[ -e f && -f f && ! -d f ]] && echo file
[[ -d d ]] && echo dir
[[ -L l && -f l ]] && echo link
[[ -s f ]] || echo empty
[[ f -ef l ]] && echo same
#### variables
x=1; unset u
[[ -v x ]] && echo x; [[ -v u ]] || echo u
declare -A m=([k]=1); [[ -v m[k] ]] && echo mk; [[ -v m[z] ]] || echo mz
a=(1); [[ -v a[0] && ! -v a[1] ]] && echo a
#### words that look like operators
x=-f
[[ $x == -f ]] && echo dash
[[ "!" == "!" ]] && echo bang
[[ "(" == "(" ]] && echo paren
[[ -n -n ]] && echo nn
#### status and use
[[ a == b ]] || echo differ
if [[ 1 -eq 1 ]]; then echo if; fi
while [[ $((n++)) -lt 2 ]]; do echo $n; done
! [[ a == b ]] && echo negated
#### numeric errors
( [[ 1x -eq 1 ]] ) 2>&1
echo $?
( [[ 1 -eq 1/0 ]] ) 2>&1
echo $?
#### syntax errors
eval '[[ a == ]]' 2>/dev/null; echo $?
eval '[[ a b ]]' 2>/dev/null; echo $?
eval '[[ ]]' 2>/dev/null; echo $?
eval '[[ -z ]]' 2>/dev/null; echo $?
#### command substitution inside
[[ $(echo hi) == hi && $(seq 3 | wc -l) -eq 3 ]] && echo ok
#### tilde and braces
[[ ~ == /nonexistent-home ]] && echo tilde
[[ {a,b} == '{a,b}' ]] && echo braces
#### positional and special
set -- a 'b c'
[[ $1 == a && $2 == 'b c' && $# -eq 2 && $? -eq 0 ]] && echo pos
[[ "$*" == 'a b c' ]] && echo star
#### pattern on the left is no pattern
[[ a* == abc ]] || echo no
[[ 'a*' == a\* ]] && echo esc
#### extended patterns without the option
[[ foobar == foo@(bar|baz) ]] && echo ext
[[ foo == !(bar) ]] && echo not
#### validate input
num() { [[ $1 =~ ^[-+]?[0-9]+$ ]] && echo "$1 int" || { [[ $1 =~ ^[-+]?[0-9]*\.[0-9]+$ ]] && echo "$1 float" || echo "$1 nan"; }; }
for v in 1 -5 +7 1.5 .5 abc 1e5 ''; do num "$v"; done
#### email like
re='^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$'
for m in a@b.co x.y+z@example.org bad@x @no.pe; do [[ $m =~ $re ]] && echo "$m ok" || echo "$m bad"; done
#### ip address
valid() { local IFS=.; [[ $1 =~ ^[0-9]+(\.[0-9]+){3}$ ]] || return 1; for o in $1; do ((o <= 255)) || return 1; done; }
for ip in 1.2.3.4 256.1.1.1 1.2.3 a.b.c.d; do valid $ip && echo "$ip ok" || echo "$ip bad"; done
#### rematch is kept in a function
f() { [[ $1 =~ (.)(.) ]]; }
f xy; echo "${BASH_REMATCH[2]}${BASH_REMATCH[1]}"
