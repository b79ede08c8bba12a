#### shortest and longest suffix
f=archive.tar.gz
echo ${f%.*} ${f%%.*} ${f%.gz} ${f%.zip}
#### shortest and longest prefix
p=/usr/local/bin/x
echo ${p#*/} ${p##*/} ${p#/usr} ${p#usr}
#### dirname and basename
p=/a/b/c.txt
b=${p##*/} d=${p%/*}
echo $d $b ${b%.*} ${b##*.}
p=plain
echo ${p%/*} ${p##*/}
#### patterns with sets
s=abc123def
echo ${s#[a-c]} ${s##*[0-9]} ${s%[a-f]} ${s%%[0-9]*} ${s##[!0-9]*[!0-9]}
#### quoted pattern is literal
s='*x*y'
echo "${s#'*'}" "${s#"*"}" "${s#\*}" "${s##*}"
p='*'
echo "${s#$p}" "${s##$p}" "${s#"$p"}"
#### question mark pattern
s=hello
echo ${s#?} ${s%?} ${s#??} ${s%%???} ${s#?????}. ${s#??????}
#### empty pattern and empty value
s=abc
echo ${s#} ${s%} ${s##} ${s%%}
e=
echo "<${e#x}>" "<${e%%*}>"
#### pattern from a command
s=foo-bar
echo ${s#$(echo foo)} ${s%`echo -- -bar | cut -c4-`}
#### pattern with a variable suffix
s=file.c ext=.c
echo ${s%$ext}.o ${s%"$ext"}.o
#### slashes and dots
v=1.2.3
echo ${v%%.*} ${v#*.} ${v##*.} ${v%.*}
IFS=. ; set -- $v; echo $1 $2 $3
#### trimming whitespace
s='   padded text  '
l=${s#"${s%%[![:space:]]*}"}
r=${s%"${s##*[![:space:]]}"}
echo "<$l>" "<$r>"
t=${l%"${l##*[![:space:]]}"}
echo "<$t>"
#### whitespace only string
s='   '
l=${s#"${s%%[![:space:]]*}"}
echo "<$l>"
r=${s%"${s##*[![:space:]]}"}
echo "<$r>"
#### remove in arrays
a=(a.c b.c c.h)
echo ${a[@]%.c}
echo ${a[@]#*.}
echo "${a[*]%%.*}"
echo ${a[1]%.c}
#### remove leading zeros
shopt -s extglob
for n in 007 0 000 10 0x1; do echo "${n##+(0)}|"; done
#### extglob in patterns
shopt -s extglob
s=aaabbbccc
echo ${s##+(a)} ${s%%+(c)} ${s#@(a|b)} ${s##*(a|b)} ${s%?(cc)}
#### nested expansions
p=/x/y/z.tar
echo ${p#${p%/*}/} ${p%"${p##*/}"}
#### quotes in double-quoted pattern
s="it's"
echo "${s%\'*}" "${s%"'"*}" 
t='a"b'
echo "${t%\"*}"
#### closing brace in pattern
s='a}b}c'
echo "${s%\}*}" "${s#*'}'}" ${s##*\}}
#### backslash in value
s='a\b\c'
echo "${s##*\\}" "${s%\\*}" "${s%%'\'*}"
#### newline in value
s=$'line1\nline2\nline3'
echo "${s%%$'\n'*}"
echo "${s##*$'\n'}"
echo "${s#*$'\n'}"
#### character classes
s='abc  DEF 123'
echo "${s%%[[:space:]]*}" "${s##*[[:space:]]}" "${s%%[[:upper:]]*}|" "${s##*[[:alpha:]]}"
#### hyphen and bracket in sets
s='a-b]c'
echo "${s%%[]]*}" "${s#*[-]}" "${s%%[]-]*}"
#### unmatched bracket is literal
s='a[b'
echo "${s#*[}" "${s%[*}"
#### unicode
s=éàü
echo ${s#?} ${s%?} ${s#é} ${s%%à*}
#### positional
set -- --name=value
echo ${1#--} ${1%%=*} ${1#*=}
#### parse a url
u=https://user@host.example:8080/path/to?q=1
scheme=${u%%://*}; rest=${u#*://}
auth=${rest%%/*}; path=/${rest#*/}
host=${auth#*@}; port=${host##*:}; host=${host%:*}
echo $scheme $auth $host $port ${path%%\?*} ${path#*\?}
#### longest with several stars
s=a/b/c/b/d
echo ${s#*b} ${s##*b} ${s%b*} ${s%%b*} ${s#*/*/} ${s%%/*/*}
#### slow pattern
s=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab
echo "${s##*a*a*a*a*c}"
echo "${s##*a*a*a*b}|"
#### escaped glob in a variable pattern
p='\*' s='*a'
echo "${s#$p}" "${s#"$p"}"
#### case insensitive setting does not matter here
shopt -s nocasematch
s=ABC
echo ${s#a}
#### remove on unset
unset u
echo "<${u#x}>" "<${u%x}>" "<${u##*}>"
#### tilde in the pattern
s='~/x'
echo "${s#'~'}" "${s#\~/}"
#### loop over path components
p=a:b::c
while [ -n "$p" ]; do
  echo "<${p%%:*}>"
  case $p in *:*) p=${p#*:};; *) p=;; esac
done
