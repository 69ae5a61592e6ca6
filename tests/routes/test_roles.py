"""What a route is for, by its words."""

import pytest

from apiwatch.routes import roles_of


@pytest.mark.parametrize(
    ("method", "template", "roles"),
    [
        ("POST", "/login", ("login",)),
        ("POST", "/api/v1/auth/login", ("login",)),
        ("POST", "/oauth/token", ("login",)),
        ("POST", "/wp-login.php", ("login",)),
        ("POST", "/users/sign_in", ("login",)),
        ("GET", "/login", ()),
        ("POST", "/auth/logout", ()),
        ("POST", "/auth/refresh", ()),
        ("POST", "/sign", ()),
        ("POST", "/sessions/{int}/messages", ()),
        ("POST", "/auth/reset", ("reset",)),
        ("POST", "/password/forgot", ("reset",)),
        ("POST", "/login/otp", ("code", "login")),
        ("POST", "/register", ("signup",)),
        ("POST", "/api/account/resetPassword", ("reset",)),
        ("POST", "/createJWT", ("login",)),
        ("POST", "/api/signIn", ("login",)),
        ("POST", "/api/logIn", ("login",)),
        ("POST", "/api/logOut", ()),
        ("POST", "/prof/registerUser", ("signup",)),
        ("GET", "/api/lookup", ("lookup",)),
        ("GET", "/authors", ()),
        ("POST", "/administrator/index.php", ("login",)),
        ("POST", "/admin/", ("login",)),
        ("POST", "/admin/users", ()),
        ("GET", "/administrator/index.php", ()),
        ("POST", "/catalogin", ()),
    ],
)
def test_roles(method: str, template: str, roles: tuple[str, ...]) -> None:
    assert roles_of(method, template) == roles
