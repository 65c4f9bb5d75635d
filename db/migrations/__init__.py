"""The migrations, in the order of their ids. One that has been released is never edited."""
