#### tokens without blanks
echo a;echo b&&echo c||echo d
(echo e)|cat
{ echo f;}>out;cat<out
#### operators next to words
echo a>f;cat f
echo b>>f;cat<f
x=1;y=2;echo $x$y
#### comments after tokens
echo a;# comment
echo b # c ; echo no
echo c;#
{ # comment
  echo d # e
} # f
#### hash inside a word
echo a#b c\#d '#e' "#f" ${x:-#g}
x=#; echo "<$x>"
#### continuation inside tokens
ec\
ho one tw\
o
echo "three \
four" 'five \
six'
if tr\
ue; th\
en echo yes; fi
#### continuation in expansions
x=value
echo ${x\
} $\
x $((1 + \
2)) $(echo a \
b)
#### continuation at operators
true &\
& echo and
false |\
| echo or
echo x |\
cat
#### trailing backslash at the end of input
echo a\
#### reserved words need command position
echo if; echo then else; x=if; echo $x
if=1; echo $if
#### reserved words after operators
true && if true; then echo a; fi
! if false; then echo b; fi; echo $?
{ if true; then echo c; fi; }
(while false; do :; done); echo d
#### words that look like numbers before redirections
echo 1>f; cat f; echo 1 >f; cat f; echo a1>f; cat f; echo "1">f; cat f; echo \1>f; cat f
#### nested quotes and substitutions
echo "$(echo "$(echo '"')")" '$(' "\$("
echo "${x:-"a $(echo "b c") d"}"
#### dollar followed by odd characters
echo $, $. $/ $% $+ $= $[1+1] $: $] $} 2>/dev/null
#### arithmetic versus substitution
echo $((1)) $( (echo 2) ) $((3)) $( ( (echo 4) ) )
#### here-document after a semicolon list
cat <<E; echo after
body
E
#### case without final double semicolon
case x in x) echo a; esac
case x in
x) echo b
esac
#### esac as a pattern with parenthesis
case x in (x) echo ok;; (y) echo no;; esac
#### functions with odd spacing
f ( ) { echo f;}
g()
{
echo g
}
h()  (echo h)
f;g;h
#### blank lines and tabs

	echo tab

  echo spaces	 end  

#### semicolon after ampersand is an error
eval 'true &; echo x' 2>/dev/null; echo $?
eval 'true & echo x; wait' 2>/dev/null; echo $?
#### double semicolon outside of case
eval 'echo a ;; echo b' 2>/dev/null; echo $?
#### carriage returns are characters
eval $'echo a\r' | od -An -c | tr -s ' '
#### brace words
echo {a {} a} }b {b
{ echo x; }; { { echo y; }; }
#### array literals over lines
a=(1
2 # two
  "3 4"

5)
echo ${#a[@]}
#### assignment forms
a=b=c; echo $a
a="x"y'z'; echo $a
a=; echo "<$a>"
a=$'\n'; echo "${#a}"
a=(); echo ${#a[@]}
b=a[0]; echo $b
#### subscripts with blanks
a[ 1 + 1 ]=x; echo ${a[2]}
a["3"]=y; echo ${a[3]}
declare -A m; m["a b"]=1; m[c d]=2 2>/dev/null; echo "${m["a b"]}"
#### redirections around assignments
x=1 >f; echo $x; [ -e f ] && echo created
>g x=2; echo $x; [ -e g ] && echo created
#### quotes across lines
echo "a
b" 'c
d' e"
"f
#### backquotes with comments and quotes
echo `echo a # comment
`
echo `echo "b \`echo c\`"`
#### time and bang as words
echo time ! coproc function select
x=if; $x 2>/dev/null; echo $?
#### a long line of separators
:;:;:;:;:;:;:;:;echo end
#### nested compound commands on one line
for i in 1 2; do if [ $i = 1 ]; then case $i in 1) while true; do { echo deep; break; }; done;; esac; else (until false; do echo last; break; done); fi; done
#### conditional expressions across lines
[[ a == a
&& b == b ]] && echo yes
[[ ( a == b ||
c == c ) ]] && echo yes2
#### pattern characters glued to parentheses
case 'a(b' in a\(b) echo esc;; esac
case 'a(b' in 'a(b') echo quoted;; esac
#### function keyword with reserved names
function if_ { echo ok; }; if_
function a.b-c { echo odd; }; a.b-c
#### eval of unusual tokens
eval "echo a
echo b;
"
eval $'\necho c\n\n'
eval '# only a comment'
echo $?
#### ampersand redirects and numbers
echo a &>f; cat f; echo b 2>&1; echo c >&1
#### extglob syntax as arguments in arrays
shopt -s extglob
x=abc
echo ${x/@(a|b)/_} ${x##+([ab])}
case $x in +([a-c])) echo m;; esac
#### empty lines in compound lists
if

true

then

echo a

fi
#### a word made of everything
x=v; echo pre"$x"'q'$x\ $((1+1))`echo b`$(echo c)${x:-d}{1,2}post
