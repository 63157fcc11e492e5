# Whether a dependency layer is there whole.
[ ! -d /var/tmp/files ] || echo whole
