#### simple escapes
printf '%s' $'\a\b\e\E\f\n\r\t\v' | od -An -tx1 | tr -s ' '
#### quotes and backslash
echo $'\'' $'\"' $'\\' $'\?'
#### octal
echo $'\101\102\103' $'\60\061'
printf '%s' $'\1\12\123\1234' | od -An -tx1 | tr -s ' '
#### hexadecimal
echo $'\x41\x42' $'\x4a\x4A' $'\x41g'
printf '%s' $'\x1\x12\x123' | od -An -tx1 | tr -s ' '
#### unicode escapes
echo $'\u41 \u00e9 \u20ac \u4e2d'
echo $'\U0001F600 \U41'
printf '%s' $'\u20ac' | od -An -tx1 | tr -s ' '
#### control characters
printf '%s' $'\cA\cb\c[\c?' | od -An -tx1 | tr -s ' '
#### unknown escapes stay
echo $'\z\q\-\$\8'
#### NUL ends the string
x=$'a\0b'
echo "<$x>" ${#x}
x=$'a\x00b'c
echo "<$x>"
#### in a word
echo a$'\tb'c | od -An -c | tr -s ' '
x=pre$'\n'post
echo "$x"
#### not inside double quotes
echo "$'a\tb'"
#### as IFS
x=$'a\tb\nc d'
IFS=$'\t\n'
printf '<%s>' $x; echo
#### as a pattern
x=$'a\tb'
echo "${x/$'\t'/TAB}"
case $x in a$'\t'b) echo yes;; esac
#### newline in a case pattern
x=$'one\ntwo'
case $x in *$'\n'*) echo multi;; *) echo single;; esac
#### in arrays
a=($'x\ny' $'t\tu')
printf '%q\n' "${a[@]}"
#### length counts characters
x=$'\u00e9\u00e8'
echo ${#x}
x=$'\n\t'
echo ${#x}
#### quote splitting
echo $'a'$'b'"c"'d'
echo $'it'\''s'
#### in here-string
cat <<< $'one\ntwo'
#### dollar and backquote are literal
x=5
echo $'$x `echo y` $(echo z)'
#### expansion of brace form
echo $'\x{41}' | od -An -tx1 | tr -s ' '
#### in default
unset v
echo "${v:-$'x'}" ${v:-$'\x41'}
#### globs inside are literal
touch ab ac
echo $'a*' a*
#### declare -p shows it
x=$'a\nb'
declare -p x
y=$'\x01'
declare -p y
z=$'\e[1m'
declare -p z
