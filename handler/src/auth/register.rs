//! `POST /auth/register`

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use utoipa::ToSchema;

use crate::audit::{self, Event};
use crate::credentials::password_policy::Password;
use crate::error::{Error, FieldError, Result};
use crate::http::body::ValidJson;
use crate::http::body_reader::{BodyReader, FromBody};
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::{AnyErrors, BodyErrors};
use crate::http::request_context::RequestContext;
use crate::place::{City, Country};
use crate::state::AppState;
use crate::users::api::PrivateProfile;
use crate::users::email::Email;
use crate::users::rules::{Bio, DisplayName, PictureUrl, home_city, home_country};
use crate::users::store::{self as users, Profile};

/// A new account.
#[derive(ToSchema)]
pub struct Register {
    /// A plain address, unique whatever its case.
    #[schema(value_type = String, format = Email, max_length = 254, example = "john.doe@example.com")]
    pub email: Email,
    /// 8 to 128 characters with an upper-case and a lower-case letter, a digit and one of `!@#$%^&*()_+-=[]{}|;:,.<>?`;
    /// not well known, without the name or the address's part before the @.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128, example = "SecurePass123!")]
    pub password: Password,
    /// The name shown to others.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "John Doe")]
    pub display_name: DisplayName,
    /// A few words.
    #[schema(value_type = Option<String>, max_length = 500, example = "Always on the road.")]
    pub bio: Option<Bio>,
    /// A picture's address; https only.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500,
        example = "https://example.com/profiles/123.jpg")]
    pub profile_pic_url: Option<PictureUrl>,
    /// The city one lives in.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "San Francisco")]
    pub home_city: Option<City>,
    /// The country one lives in.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "USA")]
    pub home_country: Option<Country>,
}

impl FromBody for Register {
    fn read(body: &mut BodyReader<'_>) -> Option<Self> {
        let email = body.required("email", Email::parse);
        let password = body.required("password", |text| Ok(text.to_owned()));
        let display_name = body.required("display_name", DisplayName::parse);
        let bio = body.optional("bio", Bio::parse);
        let profile_pic_url = body.optional("profile_pic_url", PictureUrl::parse);
        let home_city = body.optional("home_city", home_city);
        let home_country = body.optional("home_country", home_country);
        let password = password.and_then(|text| {
            let local_part = email.as_ref().map(Email::local_part);
            let name = display_name.as_ref().map(DisplayName::as_str);
            body.accept("password", Password::parse(&text, local_part, name))
        });
        Some(Self {
            email: email?,
            password: password?,
            display_name: display_name?,
            bio: bio?.flatten(),
            profile_pic_url: profile_pic_url?,
            home_city: home_city?,
            home_country: home_country?,
        })
    }
}

/// Told to whoever registers with the address of an account.
#[must_use]
pub fn email_taken() -> Error {
    Error::Conflict {
        message: "There is already an account with this email address: log in, or use another address",
        details: vec![FieldError::new("email", "This email address is taken")],
    }
}

/// Register
///
/// Makes an account. Log in afterwards to get tokens.
#[utoipa::path(post, path = "/api/v1/auth/register", operation_id = "authRegister", tag = "auth",
    request_body = Register,
    responses(
        (status = 201, description = "The new profile.", body = PrivateProfile,
            headers(("Location" = String, description = "The profile's address."))),
        (status = 409, description = "There is an account with this address.", body = ErrorEnvelope),
        AnyErrors, BodyErrors))]
pub async fn register(
    State(app): State<AppState>,
    Extension(context): Extension<Arc<RequestContext>>,
    ValidJson(new): ValidJson<Register>,
) -> Result<impl IntoResponse + use<>> {
    let hash = app.hasher.hash(&new.password).await?;
    let profile = Profile {
        display_name: new.display_name,
        bio: new.bio,
        profile_pic_url: new.profile_pic_url,
        home_city: new.home_city,
        home_country: new.home_country,
    };
    let now = app.clock.now();
    let Some(id) = users::insert(&app.db, &new.email, &hash, &profile, now).await? else {
        audit::record(&context, Event::RegistrationRefused);
        return Err(email_taken());
    };
    audit::record(&context, Event::UserRegistered { user_id: id });
    let view = PrivateProfile {
        id,
        email: new.email.as_written().to_owned(),
        display_name: profile.display_name.into(),
        bio: profile.bio.map(String::from),
        profile_pic_url: profile.profile_pic_url.map(String::from),
        home_city: profile.home_city.map(String::from),
        home_country: profile.home_country.map(String::from),
        created_at: now,
        updated_at: now,
    };
    Ok((StatusCode::CREATED, [(LOCATION, format!("/api/v1/users/{id}"))], Json(view)))
}
