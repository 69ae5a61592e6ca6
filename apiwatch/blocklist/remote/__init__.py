"""Lists that another machine holds: how its service is asked, what it holds of ours, and how that is changed."""
