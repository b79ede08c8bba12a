#### if
if true; then echo a; fi
if false; then echo b; else echo c; fi
if false; then echo d; elif true; then echo e; else echo f; fi
if false; then echo g; elif false; then echo h; fi; echo $?
#### if with lists
if false; true; then echo a; fi
if true; false; then echo b; else echo c; fi
if true && ! false; then echo d; fi
if [ a = a ] && [ b = b ]; then echo e; fi
#### if on several lines
if
  true
then
  echo a
elif
  false
then
  :
else
  echo b
fi
#### status of an if
if true; then false; fi; echo $?
if false; then true; fi; echo $?
if false; then :; else (exit 4); fi; echo $?
#### nested ifs
x=5
if [ $x -gt 3 ]; then if [ $x -lt 10 ]; then echo mid; else echo big; fi; else echo small; fi
#### while
i=0
while [ $i -lt 3 ]; do echo $i; i=$((i + 1)); done
while false; do echo never; done; echo $?
#### status of a loop
i=0; while ((i++ < 2)); do (exit 5); done; echo $?
for x in 1; do false; done; echo $?
for x in; do :; done; echo $?
false; for x in; do :; done; echo $?
#### until
i=3
until ((i == 0)); do printf '%s ' $i; ((i--)); done; echo
until true; do echo never; done; echo $?
#### for
for x in a 'b c' d; do echo "<$x>"; done
for x in; do echo never; done
for x; do echo never; done
set -- p 'q r'
for x; do echo "<$x>"; done
for x do echo "[$x]"; done
#### for with a newline before do
for x in 1 2
do
  echo $x
done
for x
in 3 4; do echo $x; done
#### for with words of all kinds
touch f1 f2
v='x y'
for i in $v "$v" f* {1..2} $(echo s) $((1+1)); do printf '<%s>' "$i"; done; echo
#### the loop variable stays
for i in 1 2 3; do :; done; echo $i
for i in 1 2 3; do [ $i = 2 ] && break; done; echo $i
#### changing the loop variable
for i in 1 2 3; do echo $i; i=9; done; echo $i
#### changing the list in the loop
l='a b'
for x in $l; do echo $x; l='c d e'; done; echo "$l"
set -- 1 2 3
for x; do echo $x; shift; done; echo $#
#### break and continue
for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done
while :; do echo once; break; done
#### break n
for i in 1 2; do for j in a b; do [ $j = b ] && break 2; echo $i$j; done; done
for i in 1 2; do for j in a b; do [ $j = a ] && continue 2; echo $i$j; done; echo no; done
for i in 1 2; do for j in a b; do break 9; done; done; echo $i$j
#### break outside of a loop
break 2>/dev/null; echo $?
continue 2>/dev/null; echo $?
#### break with bad arguments
( for i in 1 2; do break abc; done; echo "then $?" ) 2>&1
#### break zero
for i in 1 2; do break 0 2>/dev/null; echo "after $?"; done
echo "out $?"
#### break in conditions
while true && break; do :; done; echo out
i=0; while ((i++)); [ $i -lt 3 ] || break; do echo $i; done
#### break status
for i in 1; do false; break; done; echo $?
while true; do (exit 3); break; done; echo $?
#### loops with redirection
for i in 1 2 3; do read -r l; echo "$i$l"; done <<E
a
b
c
E
while read -r a b; do echo "$b-$a"; done < <(printf '1 2\n3 4\n')
#### the last line without a newline
printf 'a\nb' | while read -r l || [ -n "$l" ]; do echo "<$l>"; done
printf 'a\nb' | while read -r l; do echo "[$l]"; done
#### a loop in a pipeline
for i in c a b; do echo $i; done | sort
seq 5 | while read -r n; do ((n % 2)) && continue; echo $n; done
#### case
case abc in a) echo a;; abc) echo abc;; *) echo other;; esac
case x in a|b) echo ab;; x|y) echo xy;; esac
case none in a) echo a;; esac; echo $?
#### case with patterns
for w in file.c file.txt README 12 -x '' 'a b'; do
  case "$w" in
    *.c|*.h) echo "$w: source" ;;
    [0-9]*) echo "$w: number" ;;
    -*) echo "$w: option" ;;
    '') echo "empty" ;;
    *' '*) echo "$w: blank" ;;
    [A-Z]*) echo "$w: upper" ;;
    *) echo "$w: other" ;;
  esac
done
#### case fall through
for x in a b c d; do
  case $x in
    a) echo -n 1 ;&
    b) echo -n 2 ;;
    c) echo -n 3 ;;&
    [cd]) echo -n 4 ;;&
    *) echo -n 5
  esac; echo
done
#### case with parentheses and newlines
case a in
  (a) echo paren ;;
  (b|c) echo no ;;
esac
case b in a) ;; b)

  echo spaced

  ;;
esac
#### case first match wins
case aa in a*) echo first;; aa) echo second;; esac
#### case word and pattern expansions
x=abc p='a*'
case $x in $p) echo pat;; esac
case $x in "$p") echo lit;; *) echo nolit;; esac
case "$x$x" in *$(echo ca)*) echo sub;; esac
case ${x#a} in b${x:2}) echo trimmed;; esac
#### case with quoted parts
case 'a*b' in a\*b) echo esc;; esac
case 'a*b' in "a*"?) echo half;; esac
case '[x]' in '[x]') echo br;; esac
case '[x]' in [x]) echo no;; \[x\]) echo esc;; esac
#### case status
case a in a) false;; esac; echo $?
case a in a) ;; esac; echo $?
case a in b) false;; esac; echo $?
case $(exit 3) in *) echo $?;; esac
#### case does not split or glob its word
touch f1
x='a  b'
case $x in 'a  b') echo same;; esac
case * in '*') echo star;; esac
#### case with keywords as words
case if in if) echo kw;; esac
case esac in (esac) echo kw2;; esac
case in in in) echo in;; esac
#### case in one line variants
case a in a) echo 1; echo 2;; esac
case a in a) echo 3; esac
case a in a) esac; echo $?
case a in esac; echo $?
#### nested case
case a in a) case b in b) echo inner;; esac; echo outer;; esac
#### case with nocasematch
shopt -s nocasematch
case ABC in abc) echo same;; *) echo differ;; esac
#### select
## stdin: 2\n9\n\nx\n1\n
PS3='? '
select x in alpha beta; do echo "<$x> $REPLY"; [ "$x" = alpha ] && break; done 2>/dev/null
echo "$x"
#### select ends at the end of input
## stdin: 1\n
select x in one two; do echo "$x"; done 2>/dev/null
echo "status $?"
#### select menu
## stdin: 1\n
PS3='choose> '
select x in a 'b c' d; do break; done 2>&1
echo "$x"
#### select over arguments
## stdin: 2\n
set -- p q
select x; do echo $x; break; done 2>/dev/null
#### while with several conditions
i=0
while echo check; ((i++ < 2)); do echo body; done
#### loops over characters and lines
s=abc; while [ -n "$s" ]; do c=${s%"${s#?}"}; s=${s#?}; printf '%s.' $c; done; echo
#### for with braces
for i in 1 2; { echo $i; }
#### loop over nothing from expansion
e=
for x in $e; do echo never; done
for x in "$e"; do echo "once <$x>"; done
for x in "$@"; do echo never; done
#### infinite loops with break in functions
f() { while :; do ((++n > 3)) && return $n; done; }
f; echo $?
#### keywords glued to operators
if(true)then(echo a)fi
while((i++<2))do echo $i;done
for x in 1;do echo $x;done
{ if true;then echo b;fi;}
#### empty bodies are errors
eval 'if true; then fi' 2>/dev/null; echo $?
eval 'while true; do done' 2>/dev/null; echo $?
eval 'for i in 1; do; done' 2>/dev/null; echo $?
eval 'f() { }' 2>/dev/null; echo $?
