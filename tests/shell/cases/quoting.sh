#### single quotes keep everything
echo '$x `y` \z "q" !'
printf '<%s>\n' 'a
b'
#### double quotes and backslash
echo "a\$b \`c\` \"d\" \\e"
echo "\a\z\'\ "
printf '%s\n' "\n\t\x"
#### backslash outside of quotes
printf '<%s>' \a \\ \' \" \$ \  \; ; echo
#### backslash newline in quotes
echo "one\
two"
echo 'one\
two'
echo one\
two
#### quotes nested in command substitution in quotes
echo "a $(echo "b $(echo "c  d") e") f"
echo "$(printf '%s' "x  y")"
#### quotes in backquotes in quotes
echo "a `echo "b  c"` d"
echo "`echo \"q  r\"`"
echo `echo 'a  b'`
echo "`echo 'a  b'`"
#### empty quotes next to an expansion
x='a b'
printf '<%s>' ""$x""; echo
printf '<%s>' $x""; echo
e=
printf '<%s>' ""$e; echo
printf '<%s>' $e; echo
#### quotes in a variable are not special
x='"a b"'
printf '<%s>' $x; echo
y="'c' \\d"
printf '<%s>' $y; echo
#### backslash in an unquoted expansion stays
x='a\b\\c'
printf '<%s>\n' $x "$x"
#### exclamation mark in a script
echo "hi!" hi! '!' "a!b" !x
#### single quote in double quotes
echo "it's" 'say "hi"' "it's \"ok\""
echo 'don'\''t' "don"\'"t" 'don'"'"'t'
#### braces in quotes in parameter expansion
unset x
echo "${x:-'quoted'}" ${x:-'quoted'}
echo "${x:-"inner q"}" ${x:-"inner  q"}
echo ${x:-a\}b} "${x:-a\}b}"
#### double quotes within default word
unset x
printf '<%s>' "${x:-a "b  c" d}"; echo
printf '<%s>' ${x:-a "b  c" d}; echo
printf '<%s>' "${x-\"q\"}"; echo
#### backslash in default words
unset x
printf '<%s>' "${x:-\a\$\\}"; echo
printf '<%s>' ${x:-\a\$\\}; echo
#### dollar quote in the default
unset x
printf '<%s>' ${x:-$'a\tb'}; echo
printf '<%s>' "${x:-$'a\tb'}"; echo
#### locale quotes are double quotes
x=5
echo $"hello $x"
echo $"a\"b"
#### globs in quotes are literal
touch f1 f2
echo "*" '*' \* f* "f"* 'f*' f\*
#### tilde in quotes
echo "~" '~' \~
echo "~/x" ~/x
#### quotes in assignment
a="x y" b='p  q' c=m\ n
printf '<%s>' "$a" "$b" "$c"; echo
d=$a
printf '<%s>' "$d"; echo
#### quoted parts in here-string
x='a   b'
cat <<< $x
cat <<< "$x"
cat <<< 'lit $x'
cat <<< a\ b"c d"
#### quoting in case patterns
x='*'
case abc in "$x") echo lit;; $x) echo pat;; esac
case '*' in "*") echo star;; esac
case 'a*' in a\*) echo esc;; esac
#### quoting in double bracket
x='a*'
[[ abc == $x ]] && echo pat
[[ abc == "$x" ]] || echo lit
[[ 'a*' == "$x" ]] && echo same
[[ abc == a"*" ]] || echo no
#### backslash at the end of double quoted text before a quote
echo "a\\"
echo "a\\\\b"
echo "\\\$"
#### newline in strings
x="line1
line2"
echo $x
echo "$x"
echo "$x" | wc -l | tr -d ' '
#### tabs are kept in quotes
x=$'a\t\tb'
echo "$x" | od -An -c | tr -s ' '
echo $x | od -An -c | tr -s ' '
#### printf %q
printf '%q\n' 'a b' "it's" 'x$y' '' 'a*b' 'tab	x' '~' '#c' 'a#c' 'a=b' '{a,b}' 'é'
#### printf %q of control characters
printf '%q\n' $'a\nb' $'\e[0m' $'\x01' $'a\\b' '!x' 'a;b' '<>|&' '[x]' 'a,b' 'a:b' '^' 'a~'
#### the word after quotes is re-read with eval
x='a  b'
eval "y='$x'"
echo "$y"
eval y=\$x
echo "$y"
eval echo "$x" "'$x'"
#### round trip with printf %q
for s in 'a b' "q'q" 'd"d' $'n\nn' '$(x)' '\' '*' '' '  lead'; do
  eval "t=$(printf %q "$s")"
  [ "$s" = "$t" ] && echo same || echo "differs: $s / $t"
done
#### round trip with @Q
for s in 'a b' "q'q" 'd"d' $'n\nn' '$(x)' '\' '*' '' $'\t\e'; do
  eval "t=${s@Q}"
  [ "$s" = "$t" ] && echo same || echo "differs: $s / $t"
done
#### adjacent strings of different kinds
x=v
echo "a"'b'$'c'$x"$x"\d`echo e`$(echo f)$((1+1))
#### quoted at with prefix and suffix
set -- 'a b' c
printf '<%s>' "pre$@post"; echo
printf '<%s>' pre"$@"post; echo
set --
printf '<%s>' "pre$@post"; echo
printf '<%s>' "$@"; echo
printf '<%s>' ""$@; echo
printf '<%s>' "$@"""; echo
#### comment sign after a quote
echo "a"#b
echo ''#b
echo $(echo x)#b
#### command name in quotes
"echo" one
e'ch'o two
\echo three
"ec""ho" four
#### words with equals and quotes
echo "a"="b" 'x y'='z'
#### backslash before ordinary letters in double quotes
printf '%s\n' "\d\w\s\(\)\[\]"
#### dollar before a quote inside double quotes
x="a$'b'"
echo "$x"
echo "$"
echo "a$"
#### parenthesis and quotes in nested substitution
echo "$(echo ")")"
echo "$(echo ')' "(" )"
echo $(echo "a)b" # comment )
)
#### an unmatched single quote in a default in quotes
echo start
echo "${x:-a'b}"
