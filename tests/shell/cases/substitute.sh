#### first and all
s=banana
echo ${s/a/o} ${s//a/o} ${s/an/AN} ${s//an/AN}
#### anchors
s=abcabc
echo ${s/#abc/X} ${s/%abc/Y} ${s/#bc/X} ${s/%ab/Y}
#### deletion
s=a-b-c
echo ${s/-} ${s//-} ${s/-/} ${s//-/}
#### longest match
s=aXbXc
echo ${s/X*/_} ${s/*X/_} ${s//X?/_}
#### empty pattern
s=abc
echo ${s/} ${s//} ${s//x} ${s//x/y}
echo "${s/#/pre}" "${s/%/post}"
#### quoted patterns
s='a*b*c'
echo "${s/'*'/_}" "${s//"*"/_}" "${s//\*/_}" "${s/*/_}"
p='*'
echo "${s/"$p"/_}" "${s/$p/_}"
#### slash in pattern
p=/usr/local/bin
echo ${p//\//:} "${p//'/'/:}" "${p////-}" "${p/\/usr/}"
s=/
echo ${p//$s/+} ${p//"$s"/\\}
#### slash in replacement
s=a.b
echo ${s/./\/} ${s/.//} "${s/.//x/}"
#### variables in replacement
s=hello r=' world'
echo "${s/llo/$r}" "${s/%/$r}" ${s/l/"$r"}
echo "${s//l/${#s}}" "${s/e/$((1+2))}" "${s/e/$(echo E)}"
#### ampersand in replacement
s=abc
echo "${s/b/[&]}" "${s//?/<&>}" "${s/b/\&}" "${s/b/[\&]}"
r='[&]'
echo "${s/b/$r}" "${s/b/"$r"}"
#### ampersand with patsub_replacement off
shopt -u patsub_replacement
s=abc
echo "${s/b/[&]}" "${s/b/\&}"
#### backslash in replacement
s=abc
echo "${s/b/\\}" "${s/b/\n}" ${s/b/\\} ${s/b/'\'}
r='\\x'
echo "${s/b/$r}"
#### quotes in replacement
s=abc
echo "${s/b/"'"}" "${s/b/\'}" "${s/b/"x y"}" ${s/b/'x  y'} "${s/b/\"}"
#### sets
s=h3ll0w0rld
echo ${s//[0-9]/#} ${s//[!0-9]/} ${s//[[:digit:]]} ${s/[a-z][0-9]/_}
#### spaces
s='a b  c'
echo "${s// /_}" "${s//  / }" "${s/ /}" ${s// /}
#### newlines
s=$'a\nb\nc'
echo "${s//$'\n'/,}"
t=a,b,c
echo "${t//,/$'\n'}"
#### arrays
a=(foo bar boo)
echo ${a[@]/o/0} "${a[*]//o/0}" ${a[0]/f/F}
printf '<%s>' "${a[@]/#/pre-}"; echo
printf '<%s>' "${a[@]/%/.x}"; echo
printf '<%s>' "${a[@]/b*/}"; echo
#### positional
set -- a.b c.d
printf '<%s>' "${@/./-}"; echo
echo "${1/./_}"
#### extglob
shopt -s extglob
s='a   b    c'
echo "${s//+( )/ }" "${s//@(a|c)/X}" "${s/*( )/_}"
n=000120
echo ${n/#*(0)/}
#### question and star
s=abcdef
echo ${s/??/_} ${s//??/_} ${s/c*/} ${s//?/x} ${s/%??/}
#### nested
s=a.b.c
echo ${s//${s:1:1}/_} ${s/${s%%.*}/X}
#### pattern in a variable
s='foo(bar)'
p='(*)'
echo "${s/$p/}" "${s//[()]/|}"
#### matched text with special characters
s='$HOME/[x]'
echo "${s/\$HOME/~}" "${s//[][]/_}" "${s/'[x]'/y}"
#### case insensitive
shopt -s nocasematch
s=FooFOO
echo "${s//foo/x}" "${s/f/_}"
#### unicode
s=naïve-café
echo "${s//[^a-z]/_}" "${s/é/e}" "${s//ï/i}"
#### replacement shorter and longer
s=$(printf 'x%.0s' {1..50})
t=${s//x/yy}
echo ${#t}
t=${s//xx/y}
echo ${#t}
#### brace in pattern and replacement
s='a{b}c'
echo "${s/\{/(}" "${s/\}/)}" "${s//[\{\}]/|}"
#### hash at the start escaped
s='#a#b'
echo "${s/\#/x}" "${s//\#/x}" "${s/'#'/y}" "${s/#a/z}"
p='#'
echo "${s/$p/x}" "${s//$p/x}"
#### percent escaped
s='50%x%'
echo "${s/\%/ pct}" "${s//%/p}" "${s/%%/!}"
#### no match gives the original
s='a b'
printf '<%s>' ${s/x/y} "${s/x/y}"; echo
#### result is split when unquoted
s=a,b,c
printf '<%s>' ${s//,/ }; echo
printf '<%s>' "${s//,/ }"; echo
#### count characters by removal
s='a,b,,c'
t=${s//[!,]}
echo ${#t}
#### slow pattern
s=$(printf 'a%.0s' {1..200})
echo "${s/*a*a*a*a*b/x}" | wc -c | tr -d ' '
#### url encode
s='a b&c/d'
out=
for ((i = 0; i < ${#s}; i++)); do
  c=${s:i:1}
  case $c in [a-zA-Z0-9._~-]) out+=$c;; *) printf -v h '%%%02X' "'$c"; out+=$h;; esac
done
echo "$out"
#### html escape
s='<a href="x">T&C</a>'
s=${s//&/\&amp;} s=${s//</\&lt;} s=${s//>/\&gt;} s=${s//\"/\&quot;}
echo "$s"
#### trim doubled slashes
shopt -s extglob
p='//a///b/'
p=${p//+(\/)/\/}
echo "$p" "${p%/}"
#### assignment back
s=x
for i in 1 2 3 4; do s=${s//x/xy}; done
echo $s
s=ab; s+=${s/a/c}; echo $s
#### unset and empty
unset u; e=
echo "<${u/x/y}>" "<${e/x/y}>" "<${e//}>" "<${e/#/y}>"
