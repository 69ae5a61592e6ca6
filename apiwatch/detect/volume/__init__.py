"""The volume family: more requests, errors or server time than is usual, for one principal or one route."""
