#!/usr/bin/perl
# Takes out of /workspace what an agent left, as a tree and a pack, with a git directory of our own. The agent's
# .git, hooks and excludes are never read. One program, because in a sandbox a process takes longer to start than
# most of what would be asked of one.
#
# Its environment says:
#   BASE      the base commit, whose objects are in /mirror
#   ENTRIES_MAX, BLOB_BYTES_MAX, BYTES_MAX   how much may leave
#   EXCLUDE   file with what is ignored, by the base commit and for what dependency commands made
#   INDEX     index of the base commit; what it says of unchanged files is trusted
#   OUT       folder for: tree (its id), pack (what the base has not), hidden (names, each ended by a NUL, that
#             only the agent's own ignore files would hide)
use strict;
use warnings;

my $GIT = '/tmp/git';
my $HIDDEN_BYTES_MAX = 65_536;
my $ARGUMENTS_MAX = 500;

my %told = (
    EXCLUDE => '/run/proofhouse/exclude',
    INDEX   => '/snapshot/.git/index',
    OUT     => '/out',
    %ENV,
);
%ENV = (
    %ENV,
    LC_ALL => 'C',
    # git takes and gives back memory for each object it writes; kept, most of that time is spared.
    MALLOC_TOP_PAD_         => 33_554_432,
    MALLOC_TRIM_THRESHOLD_  => 33_554_432,
    GIT_DIR                 => $GIT,
    GIT_WORK_TREE           => '/workspace',
    GIT_INDEX_FILE          => '/tmp/index',
    GIT_LITERAL_PATHSPECS   => 1,
);

make_git_directory();
copy_index();
chdir '/workspace' or refuse("/workspace: $!");
my $change = changed();
within_bounds($change);
put("$told{OUT}/hidden", hidden(@{ $change->{others} }));
my $tree = tree_of($change);
put("$told{OUT}/tree", "$tree\n");
# The base by its tree: by its commit, git packs whatever the tree has, changed or not.
put('/tmp/revisions', "$tree\n^$told{BASE}^{tree}\n");
silent(git([qw(pack-objects --revs --thin --stdout -q)], '/tmp/revisions', "$told{OUT}/pack"));
# Whoever reads OUT need not wait until the sandbox is gone.
print "whole\n";

sub make_git_directory {
    mkdir $_ or die "$_: $!\n"
      for $GIT, map { "$GIT/$_" } qw(refs objects objects/info objects/pack);
    put("$GIT/HEAD", "ref: refs/heads/none\n");
    put("$GIT/objects/info/alternates", "/mirror/objects\n");
    put("$GIT/config", <<'END');
[core]
	repositoryformatversion = 0
	bare = false
	autocrlf = false
	safecrlf = false
	attributesFile = /dev/null
	excludesFile = /dev/null
	fsmonitor = false
	protectHFS = true
	protectNTFS = true
[advice]
	addEmbeddedRepo = false
[diff]
	ignoreSubmodules = dirty
END
}

# With its time: git looks into files as old as their index, and a copy made now would make a file that was
# changed in the second of its checkout, to the same size, look untouched.
sub copy_index {
    put('/tmp/index', content($told{INDEX}));
    my $time = (stat $told{INDEX})[9];
    utime $time, $time, '/tmp/index' or die "/tmp/index: $!\n";
}

# Names by what is to be done with them. A submodule of the base has a .git of the agent's, with programs in its
# configuration: it is compared by its commit, and git never looks into it.
sub changed {
    my $untracked = started([ qw(ls-files -z --others), "--exclude-from=$told{EXCLUDE}" ]);
    my $compared  = started([qw(diff-files -z --name-status --ignore-submodules=dirty)]);
    my %change    = (entries => 0, others => [], deleted => [], modified => []);
    my $keep      = sub {
        my ($kind, $name) = @_;
        push @{ $change{$kind} }, $name if ++$change{entries} <= $told{ENTRIES_MAX};
    };
    while (defined(my $name = record($untracked))) { $keep->('others', $name) }
    while (defined(my $status = record($compared))) {
        $keep->($status eq 'D' ? 'deleted' : 'modified', record($compared));
    }
    silent(ended($_)) for $untracked, $compared;
    return \%change;
}

# Before anything is read: a file of a terabyte may take no room at all.
sub within_bounds {
    my ($change) = @_;
    refuse("the change has $change->{entries} entries; at most $told{ENTRIES_MAX} leave a workspace")
      if $change->{entries} > $told{ENTRIES_MAX};
    my $all = 0;
    for my $name (map { @{ $change->{$_} } } qw(others deleted modified)) {
        my $bytes = lstat("./$name") && -f _ ? -s _ : 0;
        refuse("a file of the change has $bytes bytes: "
              . substr($name, 0, 400)
              . "; at most $told{BLOB_BYTES_MAX} bytes leave a workspace in one file")
          if $bytes > $told{BLOB_BYTES_MAX};
        $all += $bytes;
    }
    refuse("the files of the change have $all bytes; at most $told{BYTES_MAX} leave a workspace")
      if $all > $told{BYTES_MAX};
}

sub hidden {
    return '' if @_ == 0;
    # It knows no literal paths; with a folder in front none is anything else.
    put('/tmp/others', map { "./$_\0" } @_);
    local $ENV{GIT_LITERAL_PATHSPECS} = 0;
    my $asked = git([qw(check-ignore -z --stdin --no-index)], '/tmp/others', '/tmp/ignored');
    # 1: none is ignored.
    refuse($asked->{said}) if $asked->{status} > 1;
    my $names = join '', map { s,^[.]/,,r } content('/tmp/ignored') =~ /[^\0]*\0/g;
    return substr $names, 0, $HIDDEN_BYTES_MAX;
}

sub tree_of {
    my ($change) = @_;
    my $is_repository = sub { $_[0] =~ m{/\z} };
    my @taken = (@{ $change->{modified} }, grep { !$is_repository->($_) } @{ $change->{others} });
    # Not "add", which runs git inside of submodules. Each run reads and writes the whole index.
    update_index('--force-remove', @{ $change->{deleted} });
    update_index('--add', @taken);
    # A repository in the tree is one entry, a commit: named as such, it is refused by its name.
    my @repositories = grep { $is_repository->($_) } @{ $change->{others} };
    while (my @some = splice @repositories, 0, $ARGUMENTS_MAX) {
        good(git([ qw(add -f --), @some ], '/dev/null', '/dev/null'));
    }
    good(git(['write-tree'], '/dev/null', '/tmp/tree'));
    return content('/tmp/tree') =~ s/\s+\z//r;
}

sub update_index {
    my ($how, @names) = @_;
    return if @names == 0;
    put('/tmp/names', map { "$_\0" } @names);
    silent(git([ 'update-index', $how, '-z', '--stdin' ], '/tmp/names', '/dev/null'));
}

sub refuse {
    print STDERR "$_[0]\n";
    exit 3;
}

sub good {
    my ($end) = @_;
    refuse($end->{said}) if $end->{status} != 0;
}

# Some commands of git leave out what they dislike, say so, and end well: whatever one says refuses.
sub silent {
    my ($end) = @_;
    refuse($end->{said}) if $end->{status} != 0 || $end->{said} ne '';
}

sub git {
    my ($arguments, $from, $into) = @_;
    my $pid = fork() // die "fork: $!\n";
    become_git($arguments, "/tmp/said-$$", $from, $into) if $pid == 0;
    waitpid $pid, 0;
    return end_of($?, "/tmp/said-$pid");
}

sub started {
    my ($arguments) = @_;
    my $pid = open(my $output, '-|') // die "fork: $!\n";
    become_git($arguments, "/tmp/said-$$", '/dev/null', undef) if $pid == 0;
    return { output => $output, pid => $pid };
}

sub ended {
    my ($run) = @_;
    close $run->{output};
    return end_of($?, "/tmp/said-$run->{pid}");
}

sub end_of {
    my ($ended, $said) = @_;
    my $text = content($said);
    my $status = $ended & 127 ? 128 + ($ended & 127) : $ended >> 8;
    $text = "git ended with $status\n" if $status != 0 && $text eq '';
    return { status => $status, said => $text =~ s/\n\z//r };
}

sub become_git {
    my ($arguments, $said, $from, $into) = @_;
    open STDIN, '<', $from or die "$from: $!\n";
    open STDERR, '>', $said or die "$said: $!\n";
    if (defined $into) { open STDOUT, '>', $into or die "$into: $!\n" }
    exec 'git', @$arguments or die "git: $!\n";
}

sub record {
    my ($run) = @_;
    local $/ = "\0";
    my $record = readline $run->{output};
    chomp $record if defined $record;
    return $record;
}

sub put {
    my ($file, @parts) = @_;
    open my $handle, '>:raw', $file or die "$file: $!\n";
    print {$handle} @parts or die "$file: $!\n";
    close $handle or die "$file: $!\n";
}

sub content {
    my ($file) = @_;
    open my $handle, '<:raw', $file or die "$file: $!\n";
    local $/;
    return readline($handle) // '';
}
