#### length
s=héllo; echo ${#s}
s=中文字; echo ${#s}
s=😀a; echo ${#s}
s='e'$'\u0301'; echo ${#s}
#### substrings
s=héllo; echo ${s:1:1} ${s:2} ${s: -4:2}
s=中文字符; echo ${s:1:2} ${s: -1}
s=a😀b😀c; echo ${s:1:3}
#### removal
s=中文字; echo ${s#?} ${s%?} ${s#中} ${s%%文*}
s=été; echo ${s##*t} ${s%é}
#### substitution
s='naïve café'; echo "${s//é/e}" "${s/ï/i}" "${s//[éï]/_}"
s=日本語; echo ${s//?/<&>} ${s/本/hon}
#### case
s=ÀÉÎõü; echo ${s^^} ${s,,} ${s^} ${s~~}
s=straße; echo ${s^^}
s=привет; echo ${s^} ${s^^}
#### patterns
for c in é 中 😀 a; do case $c in [a-z]) echo ascii;; ?) echo one;; *) echo more;; esac; done
[[ é == [[:alpha:]] ]] && echo alpha
[[ É == [[:upper:]] ]] && echo upper
[[ 中文 == ?? ]] && echo two
#### regular expressions
[[ 'héllo wörld' =~ ^(.....)\ (.*)$ ]] && echo "${BASH_REMATCH[1]}|${BASH_REMATCH[2]}"
[[ 中文 =~ ^.{2}$ ]] && echo two
[[ añb =~ [ñ] ]] && echo "${BASH_REMATCH[0]}"
#### file names
touch é.txt 日本.txt 'a b.txt'
echo *.txt
echo ?.txt
for f in *.txt; do echo "${#f} $f"; done
#### splitting
IFS=、; s='一、二、三'; printf '<%s>' $s; echo
IFS=é; s=aébéc; printf '<%s>' $s; echo
#### joining
IFS=→; set -- a b c; echo "$*"
#### read
IFS=中 read -r a b <<< 'x中y'; echo "<$a><$b>"
read -n 1 c <<< é; echo "$c"
read -r -d 、 x <<< 'a、b' 2>/dev/null; echo "${x%%、*}"
#### printf
printf '%s|%5s|%-5s|\n' é é é
printf '%b\n' '\u00e9\u4e2d\U1F600'
printf '%q\n' é 中 'é è'
printf '%d %x\n' "'é" "'中"
printf '%c\n' é | od -An -tx1
#### echo and ansi-c
echo -e '\u20ac' $'\u20ac' $'\xe2\x82\xac'
x=$'\xc3\xa9'; [ "$x" = é ] && echo same
#### characters one by one
s='aé中😀'
for ((i = 0; i < ${#s}; i++)); do printf '[%s]' "${s:i:1}"; done; echo
#### reversing
s='añb中'; r=
for ((i = ${#s}; i > 0; i--)); do r+=${s:i-1:1}; done; echo $r
#### arrays and keys
declare -A m=([é]=1 [中文]=2); echo ${m[é]} ${m[中文]}
a=(ä ö ü); echo ${a[1]} ${#a[2]} "${a[@]^}"
#### variable names are ascii
é=1 2>/dev/null; echo $?
#### functions and aliases with other letters
größe() { echo "fn $1"; }; größe x
#### comparison
[[ é > z ]] && echo after
[ é = é ] && echo equal
[[ a < é ]] && echo less
#### quoting
s='é "中"'; echo "${s@Q}"; declare -p s
printf '%q\n' "$s"
#### here-documents and strings
x=中; cat <<E
$x ${#x} é
E
cat <<< "é$x"
#### tools
echo é | wc -c | tr -d ' '
printf 'é\n中\n' | grep 中
echo héllo | sed 's/é/e/'
#### padding by characters
pad() { local s=$1; while ((${#s} < 6)); do s+=.; done; echo "$s"; }
pad é; pad 中文; pad abc
#### arithmetic ignores them
( echo $((é)) ) 2>/dev/null; echo $?
#### wide output in loops
for w in α β γ; do printf '%s=%s ' $w ${w^}; done; echo
#### transform operators
s=éa; echo "${s@U}" "${s@u}"; t=ÉA; echo "${t@L}"
#### escapes of invalid bytes stay bytes
printf '\xff\xfe' | od -An -tx1
x=$'\xff'; printf '%s' "$x" | od -An -tx1
printf '%s' $'a\xffb' | wc -c | tr -d ' '
#### invalid bytes pass through variables and commands
x=$(printf 'a\377b'); printf '%s' "$x" | od -An -tx1
echo "${#x}"
y=${x#a}; printf '%s' "$y" | od -An -tx1
