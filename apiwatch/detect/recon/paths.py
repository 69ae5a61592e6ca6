"""Paths that are only asked for by who looks for a way in: secret files, shells, backups, known holes, admin pages.

`hard` kinds have no honest visitors: an answer is a breach. `admin` pages have them wherever they exist.
"""

import re
from urllib.parse import unquote

from apiwatch.patterns import late

__all__ = ["EXAMPLES", "HARD", "known_path"]

HARD = frozenset({"secret", "backup", "shell", "exploit"})
"""Kinds for which an answer means that something got out, or in."""

_SECRET_NAMES = frozenset(
    """
    .aws .bash_history .bashrc .boto .cvspass .dev.env .docker .dockercfg .ds_store .env .git-credentials
    .gitconfig .gitlab-ci.yml .history .htaccess .htpasswd .idea .kube .listing .listings .my.cnf .mysql_history
    .netrc .npmrc .passwd .perf .pgpass .production.env .profile .psql_history .pwd .pypirc .rhosts .s3cfg
    .sh_history .ssh .subversion .svnignore .terraform .travis.yml .user.ini .vscode .zsh_history
    appsettings.json authorized_keys config.inc.php configuration.php credentials.json credentials.xml
    database.yml docker-compose.yml filezilla.xml firebase-adminsdk.json heapdump id_dsa id_ecdsa id_ed25519
    id_rsa info.php known_hosts local_settings.py localsettings.php master.key parameters.yml passwd phpinfo.php
    private.key private.pem privatekey.key recentservers.xml secrets.env secrets.json secrets.yml server.key
    service-account.json serviceaccount.json settings_local.py sftp-config.json shadow terraform.tfstate
    terraform.tfvars web.config winscp.ini wp-config.php
    """.split()  # noqa: SIM905  # a list of words reads as one
)
_SECRET_FOLDERS = frozenset({".git", ".svn", ".hg", ".bzr", "cvs", ".ssh", ".aws", ".kube", ".docker", ".vscode"})
_SECRET = late(r"^\.?env\.(?:[a-z]{2,12})$|^\.env[._-][\w.-]{1,30}$|^\.?wp-config\.|^\.ht(?:passwd|access|group)")
_BACKUP = late(
    r"(?:^|[._-])(?:backup|dump|database|db|site|www|wwwroot|htdocs|public_html|old|bak|sql|web|website)\d{0,4}"
    r"\.(?:zip|tar|tar\.gz|tgz|gz|7z|rar|sql|sql\.gz|bz2|dump|mdb|sqlite|sqlite3)$"
    r"|\.(?:php|inc|asp|aspx|jsp|conf|config|ini|yml|env|sql|py|rb)(?:\.(?:bak|old|orig|save|swp|swo|txt|dist|copy|tmp|1)|~)$"
)
_SHELLS = frozenset(
    """
    0byte.php adminer.php alfa.php alfashell.php antichat.php b374k.php backdoor.php bypass.php c100.php c99.php
    caidao.php chosen.php cmd.asp cmd.aspx cmd.jsp cmd.php eval-stdin.php gel4y.php indoxploit.php
    leafmailer.php mailer.php marijuana.php mini.php phpspy.php priv8.php r57.php shell.asp shell.aspx shell.cgi
    shell.jsp shell.php simattacker.php symlink.php up.php webshell.php weevely.php wso.php wso2.php xleet.php
    """.split()  # noqa: SIM905  # a list of words reads as one
)
_SHELL = late(r"(?:^|[_-])(?:web)?shell\d{0,3}\.(?:php\d?|jspx?|aspx?|cgi)$|^(?:c99|r57|wso|b374k)\w{0,12}\.php$")
_EXPLOIT = late(
    r"/vendor/phpunit/|/php/ztp_gate\.php|/\.js\.map$|/tmui/login\.jsp/|/tmui/|/remote/fgt_lang|/setup\.cgi$|/boaform/"
    r"|/hnap1\b|/gponform/|/cgi-bin/(?:luci/;|\.|bash|test-cgi|jarrewrite|config\.exp|nas_sharing|kerbynet|supportinstaller"
    r"|videoconfiguration)|/tests/getphpinfo\.php|/_ignition/execute-solution|/wls-wsat/|/console/css/|/_async/"
    r"|/struts2?-(?:showcase|rest)|/json/setup-restore|/setup/setup(?:administrator|-restore)|/server-info\.action"
    r"|/login\.action$|/autodiscover/autodiscover\.json|/ecp/default\.flt|/owa/auth/x\.js|/dana-na/|/dana-ws/"
    r"|/vpn/\.\./vpns|/vpns/|/\+cscoe\+|/\+cscot\+|/global-protect/|/ssl-vpn/hipreport|/sslvpn/|/mgmt/tm/util/bash"
    r"|/api/v1/totp/user-backup-code|/webtools/control|/ghost/api/admin/session|/cgi-bin/\.%2e|/druid/indexer"
    r"|/actuator/gateway/routes|/functionrouter|/solr/[^/]{1,40}/(?:config|dataimport|select)$|/invokefunction"
    r"|/jmx-console|/web-console/|/invoker/jmxinvoker|/crx/(?:packmgr|de)|/bin/querybuilder|/device\.rsp|/goform/"
    r"|/ui/vropspluginui|/sdk/vimservice|/geoserver/wfs|/metadata-proxy|/latest/meta-data|/wp-content/plugins/[^/]{1,60}"
    r"/(?:readme\.txt|[^/]{1,60}\.php)|/wp-content/plugins/[^/]{1,60}/[^?]{1,80}\.php$|/xmlrpc\.php/|/uploadify\.php"
    r"|/fckeditor/|/timthumb\.php|/elfinder|/kcfinder|/cgi-bin/[^?]{0,40}(?:sh|bash)$|/usr/(?:share|local|lib|bin)/|/etc/"
)
_ADMIN = late(
    r"^/(?:[\w-]{1,30}/)?(?:phpmyadmin\w{0,8}|pma\d{0,4}|myadmin|mysqladmin|sqladmin|dbadmin|adminer|websql|phppgadmin"
    r"|administrator|manager/(?:html|status|text)|host-manager|server-status|server-info|wp-admin|wp-login\.php"
    r"|wp-includes|xmlrpc\.php|jenkins|script|solr/admin|actuator/?\w{0,20}|jolokia|hudson|console|webadmin|sysadmin"
    r"|cpanel|whm|webmail|roundcube|phpunit|telescope|debug/default|_profiler|elmah\.axd|trace\.axd|nagios|zabbix"
    r"|grafana/login|kibana|_cat|_cluster|v2/_catalog|druid|nacos|xxl-job-admin|swagger-resources"
    r"|owa|ecp|remote/login|cgi-bin)(?:/|$|\.)|^/admin\.(?:php|asp|aspx|jsp|cgi)$|^/(?:login|manager|admin)\.(?:cgi|asp)$"
)
_STATIC = (".css", ".js", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".woff", ".woff2")
_WORDS = re.compile(
    r"\.(?:env|git|svn|hg|ht|aws|ssh|bash|sh_|mysql|my\.|pass|pwd|net|np|pg|rh|pro|sub|list|perf|his|zsh|psql|py|ds_|boto|s3"
    r"|docker|kube|idea|vsc|tra|ter|bzr|cvs|user|dev|php|asp|jsp|cgi|zip|tar|tgz|gz|7z|rar|sql|bz2|dump|mdb|bak|old|orig|save"
    r"|sw|dist|ya?ml|json|xml|ini|conf|key|pem|tf|axd|rsp|flt|action|js\.map)|~$|/(?:id_|auth|known_h|heapd|shadow|passwd|cvs)"
    r"|/(?:php|pma|my|sql|db|admin|web|man|host|server|wp|jen|script|solr|act|jol|hud|cons|sys|cp|whm|round|tele|debug|_|nag"
    r"|zab|gra|kib|v2/|dru|nac|xxl|swag|owa|ecp|rem|cgi|boa|hnap|gpo|wls|str|setup|auto|dana|vpn|\+|glo|ssl|mgmt|gho|func"
    r"|jmx|inv|crx|bin/|dev|gof|ui/|sdk|geo|met|lat|fck|elf|kc|usr/|etc/|tmui|vendor/)"
).search
"""A first look: what passes no part of it can be none of the others."""


_AUTHOR = late(r"(?:^|&)author=\d{1,6}(?:&|$)")
"""How users of WordPress are listed by their numbers."""


def known_path(path: str, query: str = "") -> str | None:
    """Which kind of known path it is: secret, backup, shell, exploit, admin, or None.

    >>> known_path("/app/.env"), known_path("/wp-login.php"), known_path("/api/items/7")
    ('secret', 'admin', None)
    """
    lower = path.lower()
    if "%" in lower:
        lower = unquote(lower).lower()
    if _WORDS(lower) is None:
        return "admin" if query and _AUTHOR.search(query) is not None else None
    name = lower.rstrip("/").rpartition("/")[2].rstrip("?~") if lower != "/" else ""
    if name in _SECRET_NAMES or _SECRET.match(name) is not None:
        return "secret"
    if "/." in lower or "/cvs/" in lower:
        if not _SECRET_FOLDERS.isdisjoint(lower.split("/")[1:]):
            return "secret"
        if "/.well-known/" in lower:
            return None
    if name in _SHELLS or _SHELL.search(name) is not None:
        return "shell"
    if _EXPLOIT.search(lower) is not None:
        return "exploit"
    if _BACKUP.search(name if not lower.endswith("~") else name + "~") is not None:
        return "backup"
    if not lower.endswith(_STATIC) and _ADMIN.search(lower) is not None:
        return "admin"
    return None


EXAMPLES: tuple[tuple[str, str | None], ...] = (
    ("/.env", "secret"),
    ("/api/.env.production", "secret"),
    ("/.git/config", "secret"),
    ("/%2egit/HEAD", "secret"),
    ("/.htpasswd", "secret"),
    ("/wp-config.php.bak", "secret"),
    ("/id_rsa", "secret"),
    ("/backup.zip", "backup"),
    ("/example_db.sql.gz", "backup"),
    ("/index.php.old", "backup"),
    ("/uploads/c99.php", "shell"),
    ("/s72_Shell.php", "shell"),
    ("/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "shell"),
    ("/_ignition/execute-solution", "exploit"),
    ("/boaform/admin/formLogin", "exploit"),
    ("/dana-na/../dana/html5acc/guacamole/", "exploit"),
    ("/phpmyadmin/index.php", "admin"),
    ("/phpMyAdmin2017/index.php", "admin"),
    ("/actuator/env", "admin"),
    ("/server-status", "admin"),
    ("/", None),
    ("/api/items/7", None),
    ("/api/environments/7", None),
    ("/.well-known/acme-challenge/FMuukC2JOJ5HK", None),
    ("/.well-known/security.txt", None),
    ("/git/tutorial", None),
    ("/blog/how-to-back-up-a-database.html", None),
    ("/assets/app.js.gz", None),
    ("/downloads/release-1.2.zip", None),
    ("/admin", None),
    ("/admin/users/7", None),
    ("/wp-content/themes/x/style.css", None),
    ("/wp-includes/js/jquery.js", None),
    ("/swagger/index.html", None),
    ("/users/passwd-reset", None),
)
"""Request paths, each with its kind, or None."""
