# What a sandbox starts.
cat > /var/tmp/launch.json
