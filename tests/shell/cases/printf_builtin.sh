#### strings
printf '%s\n' a 'b c' ''
printf '<%5s><%-5s><%.2s><%5.1s>\n' abc abc abc abc
#### the format is used again
printf '%s-%s\n' a b c d e
printf '[%s]' 1 2 3; echo
printf 'x\n' a b c
printf '%s %d\n' a 1 b
#### missing arguments
printf '<%s><%d><%c><%x>\n'
printf '<%5s>\n'
#### integers
printf '%d %i %d %d\n' 5 -5 0x1f 017
printf '<%5d><%-5d><%05d><%+d><% d>\n' 42 42 42 42 42
printf '<%.3d><%8.3d><%-8.3d>\n' 5 5 5
#### unsigned and other bases
printf '%u %o %x %X %#o %#x %#X\n' 10 10 255 255 8 255 255
printf '%u %x\n' -1 -1
#### character values
printf '%d %d %d\n' "'A" '"B' "'é"
printf '%d\n' "'"
printf '%x\n' "'a"
#### bad numbers
printf '%d\n' abc 2>/dev/null; echo $?
printf '%d\n' 12abc 2>/dev/null; echo $?
printf '%d\n' '' ; echo $?
printf '%d\n' 3.7 2>/dev/null; echo $?
printf '%d\n' abc 2>&1
printf '%d\n' 08 2>&1
#### large numbers
printf '%d\n' 9223372036854775807 -9223372036854775808
printf '%d\n' 9223372036854775808 2>/dev/null; echo $?
printf '%u\n' 18446744073709551615
#### floats
printf '%f %.2f %.0f %10.3f|%-10.1f|%+.1f\n' 3.14159 3.14159 2.5 3.14159 3.14159 3.14159
printf '%e %.2e %E\n' 12345.678 0.00012 1e10
printf '%g %g %g %G\n' 100000 1000000 0.0001 1e-10
#### float corner cases
printf '%f %f %f\n' 1e3 .5 -0
printf '%.3f\n' 1/3 2>/dev/null; echo $?
printf '%05.1f|%8.2f\n' 3.14159 -2.5
printf '%f\n' inf -inf nan
#### characters
printf '%c%c%c\n' abc x ''
printf '<%3c><%-3c>\n' a b
#### percent and unknown
printf '%%\n'; printf '100%%\n'
printf '%z\n' 2>&1; echo $?
printf '%' 2>&1; echo $?
#### escapes in the format
printf 'a\tb\nc\\d\a\b\f\r\v\e' | od -An -c | tr -s ' '
printf '\101\x41\u00e9\U0001F600\n'
printf '\0101\n' | od -An -c | tr -s ' '
#### unknown escapes
printf '\z\q\"\'"'"'\n'
#### %b
printf '%b' 'a\tb\n'
printf '%b|' 'x\0101' '\x41' '\u00e9' '\\'; echo
printf '%b%s\n' 'a\cb' never
echo
printf '<%5b>\n' 'a\t'
#### %q
printf '%q ' 'a b' "it's" '' plain '$x'; echo
printf '<%10q>\n' 'a b'
printf '%Q\n' 'a b'
#### stars
printf '<%*d><%-*d><%.*f>\n' 5 42 5 42 2 3.14159
printf '<%*s>\n' -6 ab
printf '<%.*s>\n' 2 abcdef
#### -v
printf -v x '%03d' 7; echo $x
printf -v 'a[2]' '%s' el; echo "${!a[@]} ${a[2]}"
declare -A m; printf -v 'm[k]' '%s' val; echo ${m[k]}
printf -v x '%s\n' nl; printf '<%s>' "$x"; echo
printf -v 1bad x 2>/dev/null; echo $?
#### -v keeps nothing of the output
printf -v out 'text'; echo "<$out>"
printf -v out ''; echo "<$out>"
#### time formats
printf '%(%Y-%m-%d)T\n' 0
printf '%(%H:%M:%S)T\n' 3661
printf '%(%Y)T\n' 86400000
printf '%(%a %b %d %j)T\n' 1000000000
#### no arguments and options
printf 2>/dev/null; echo $?
printf -- '%s\n' -x
printf '%s\n' -- -n
printf -- '-a\n'
#### literal text only
printf 'no newline'; echo
printf ''; echo $?
#### width with unicode
printf '<%5s>\n' é
printf '<%.1s>\n' éa | od -An -tx1
printf '<%-4s>\n' 中
#### leading and trailing blanks in numbers
printf '%d\n' ' 42'
printf '%d\n' '42 ' 2>/dev/null; echo $?
printf '%d %d\n' +5 -0
#### hexadecimal dump
s='Hi!'
for ((i = 0; i < ${#s}; i++)); do printf '%02x ' "'${s:i:1}"; done; echo
#### to characters
for n in 72 105; do printf "\\$(printf %o $n)"; done; echo
for n in 72 105; do printf "\\x$(printf %x $n)"; done; echo
#### tables
while read -r n p; do printf '%-10s|%8.2f|\n' $n $p; done <<E
apple 1.5
kiwi 22.333
E
printf '%s=%s\n' a 1 b 2
#### repeating characters
printf -- '-%.0s' {1..20}; echo
printf '%*s\n' 10 '' | tr ' ' '*'
printf '%0*d\n' 8 42
#### flags combined
printf '<%+5d><%-+5d><%+05d><% 05d>\n' 7 7 7 7
printf '<%#5x><%#-6o|><%08.3f>\n' 255 8 3.14159
printf "%'d\n" 1234567
#### length modifiers are accepted
printf '%ld %lld %hd %hhd\n' 1 2 3 4
printf '%lf\n' 1.5
#### error keeps going
printf '%d %d\n' x 5 2>/dev/null; echo $?
printf '%s %d\n' a b c 3 2>/dev/null
#### NUL through the format
printf 'a\0b\n' | od -An -c | tr -s ' '
printf '%s\0' x y | tr '\0' ,; echo
printf '%b' 'p\0q' | od -An -c | tr -s ' '
#### array join
a=(1 2 3)
printf '%s,' "${a[@]}"; echo
printf -v j ',%s' "${a[@]}"; echo "${j:1}"
#### write errors
(printf 'x\n' >&-) 2>/dev/null || echo "failed $?"
