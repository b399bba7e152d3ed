# SPDX-License-Identifier: GPL-2.0-or-later
# Words counted, matched and rewritten.
use strict;
use warnings;
my ($state, %count, $hits) = (1);
for my $round (1 .. $ARGV[0]) {
    my @words;
    for (1 .. 10000) {
        $state = $state * 16807 % 2147483647;
        push @words, sprintf '%x', $state % 65521;
    }
    my $text = join ' ', @words;
    $hits += () = $text =~ /\b([a-f])[0-9]+\1?\b/g;
    $text =~ s/(\w)(\w)/$2$1/g;
    $count{$_}++ for split ' ', $text;
}
my @top = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "$hits $#top @top[0 .. 3]\n";
