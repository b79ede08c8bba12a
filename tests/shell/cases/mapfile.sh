#### lines with newlines
mapfile a <<< $'x\ny'
printf '<%q>' "${a[@]}"; echo
#### without newlines
mapfile -t a <<< $'x\n y \n\nz'
printf '<%s>' "${a[@]}"; echo; echo ${#a[@]}
#### default name
mapfile -t <<< $'p\nq'
echo ${MAPFILE[1]}
readarray -t r <<< v; echo ${r[0]}
#### count and skip
mapfile -t -n 2 a < <(seq 5); echo "${a[@]}"
mapfile -t -s 2 a < <(seq 5); echo "${a[@]}"
mapfile -t -s 1 -n 2 a < <(seq 5); echo "${a[@]}"
mapfile -t -n 0 a < <(seq 5); echo "${a[@]}"
#### origin
a=(A B C)
mapfile -t -O 1 a < <(seq 2); echo "${a[@]}"
mapfile -t -O 5 b <<< x; echo "${!b[@]}"
#### delimiters
mapfile -t -d , a <<< 'x,y,z'; printf '<%q>' "${a[@]}"; echo
mapfile -t -d '' a < <(printf 'a\0b c\0'); printf '<%s>' "${a[@]}"; echo
mapfile -d : a <<< 'x:y'; printf '<%q>' "${a[@]}"; echo
#### it clears the array
a=(1 2 3 4)
mapfile -t a <<< only; echo ${#a[@]}
mapfile -t a < /dev/null; echo ${#a[@]}
#### no final newline
mapfile -t a < <(printf 'x\ny'); echo ${#a[@]} ${a[1]}
mapfile a < <(printf 'x\ny'); printf '<%q>' "${a[@]}"; echo
#### callback
cb() { echo "cb $1 <${2%$'\n'}>"; }
mapfile -C cb -c 2 a < <(seq 5); echo ${#a[@]}
#### from a descriptor
exec 3< <(printf 'l1\nl2\n')
mapfile -t -u 3 a; exec 3<&-
echo "${a[@]}"
#### from a pipe is lost
printf 'a\nb\n' | mapfile -t p
echo "${#p[@]}"
#### empty lines and blanks
mapfile -t a < <(printf '\n  \n\tx\n\n'); echo ${#a[@]}; printf '<%s>' "${a[@]}"; echo
#### errors
mapfile -n x a <<< y 2>&1; echo $?
mapfile 1a <<< y 2>&1; echo $?
declare -A m; mapfile m <<< y 2>&1; echo $?
mapfile -Z 2>&1 | head -n 1
#### sorting lines
mapfile -t s < <(printf '%s\n' pear fig apple | sort)
echo "${s[*]}"
#### local array
f() { local -a l; mapfile -t l <<< $'a\nb'; echo ${#l[@]}; }
f; echo ${#l[@]}
#### many lines
mapfile -t a < <(seq 3000); echo ${#a[@]} ${a[2999]}
#### counting words of lines
mapfile -t lines <<< $'one two\nthree\nfour five six'
for i in "${!lines[@]}"; do set -- ${lines[i]}; echo "$i: $#"; done
#### backslashes stay
mapfile -t a <<< 'a\b\\c'; echo "${a[0]}"
#### unicode
mapfile -t a <<< $'é\n中'; echo ${#a[0]} ${a[1]}
