//! What is said on the screen when the server is ready: where it is, and what to do next.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use api::config::{AuthArgs, Cli};
use api::demo::Filled;
use api::session::LINK_LIFETIME;

/// The server, as somebody sees it who has just started it.
pub struct Greeting<'a> {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it was told.
    pub cli: &'a Cli,
    /// A sentence about the keys of tokens.
    pub keys: &'a str,
    /// The invented school, if it was asked for.
    pub demo: Option<&'a Filled>,
    /// Links that sign in once.
    pub links: &'a [Link],
}

/// A link that signs in once.
pub struct Link {
    /// As whom, and to where.
    pub whom: &'static str,
    /// Its path on the server.
    pub path: String,
}

impl Display for Greeting<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { cli, keys, .. } = self;
        writeln!(f, "Tally is ready.")?;
        writeln!(f, "  GraphQL    {}/graphql", self.url())?;
        writeln!(f, "  database   {}", self.database())?;
        let worker = if cli.serve.no_worker {
            "not in this process: until tally-worker runs beside it, no number changes"
        } else {
            "in this process"
        };
        writeln!(f, "  worker     {worker}")?;
        writeln!(f, "  keys       {keys}")?;
        if let Some(demo) = self.demo {
            let since = if demo.already_there { ", which was there already" } else { "" };
            let Filled { students, courses, .. } = demo;
            writeln!(
                f,
                "  demo       an invented school of {students} students and {courses} courses{since}"
            )?;
        }
        self.sign_in(f)?;
        self.first_steps(f)?;
        writeln!(f, "\nCtrl-C stops the server. All settings: {} --help", program())
    }
}

impl Greeting<'_> {
    fn url(&self) -> String {
        let mut address = self.address;
        // Listening everywhere, it can be reached on this machine as well.
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}")
    }

    /// The file, from whatever folder one looks for it; of a server nothing, as its URL may hold a password.
    fn database(&self) -> String {
        match self.cli.database.database_url.strip_prefix("sqlite:") {
            Some(rest) => {
                let path = rest.trim_start_matches("//").split('?').next().unwrap_or_default();
                format!("SQLite, {}", absolute(Path::new(path)).display())
            }
            None => "PostgreSQL".to_owned(),
        }
    }

    fn sign_in(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.links.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\nTo sign in, open a link in a browser. Each works once, within {} minutes.\n",
            LINK_LIFETIME.num_minutes()
        )?;
        for Link { whom, path } in self.links {
            writeln!(f, "  as {whom}:\n  {}{path}", self.url())?;
        }
        Ok(())
    }

    /// Commands that work when they are pasted into another terminal, in whatever folder that is.
    fn first_steps(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.cli.auth.jwks.is_some() {
            return Ok(());
        }
        let (role, subject, query) = match self.demo {
            Some(demo) => (
                "guardian",
                demo.guardian.as_str(),
                "{ myChildren { student { displayName } overallAverageScore } }",
            ),
            None => ("admin", "me", "{ me { role subject } }"),
        };
        let what =
            if self.demo.is_some() { "To see what a guardian of four sees" } else { "To send a query" };
        writeln!(f, "\n{what}, paste this into another terminal:\n")?;
        let options = token_options(&self.cli.auth);
        writeln!(f, "  TOKEN=$({} token{options} --role {role} --subject {subject})", program())?;
        writeln!(f, "  curl {}/graphql -H \"Authorization: Bearer $TOKEN\" \\", self.url())?;
        writeln!(f, "    -H 'Content-Type: application/json' -d '{{\"query\": \"{query}\"}}'\n")?;
        match self.demo {
            Some(demo) => writeln!(
                f,
                "The same works as a child (--role student --subject {}, with another query), or as an admin\n\
                 (--role admin --subject me). What can be asked and written: {} schema",
                demo.student,
                program()
            ),
            None => writeln!(
                f,
                "What can be asked and written: {} schema\n\
                 To have something to look at, start with --demo: it fills an empty database with an invented school.",
                program()
            ),
        }
    }
}

/// The options with which `token` signs as this server expects it, wherever it is called.
fn token_options(auth: &AuthArgs) -> String {
    let file = absolute(&auth.secret_file());
    let named = [
        ("--jwt-issuer", auth.jwt_issuer.as_ref()),
        ("--jwt-audience", auth.jwt_audience.as_ref()),
        ("--jwt-role-claim", Some(&auth.jwt_role_claim).filter(|claim| *claim != "role")),
    ];
    let given = named.into_iter().filter_map(|(option, value)| Some(format!(" {option} {}", quoted(value?))));
    let secret = format!(" --jwt-secret-file {}", quoted(&file.display().to_string()));
    std::iter::once(secret).chain(given).collect()
}

/// How this program can be called again: by its path, unless the shell finds it by its name.
fn program() -> String {
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let found_by_name = called.parent().is_none_or(|folder| folder.as_os_str().is_empty());
    let path = if found_by_name { called } else { std::env::current_exe().unwrap_or(called) };
    quoted(&path.display().to_string())
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
