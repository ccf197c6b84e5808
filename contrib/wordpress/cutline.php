<?php
/**
 * Plugin Name: cutline
 * Description: Tells cutline when a post is published, changed or taken down.
 * Version: 1.1.0
 * Requires at least: 6.0
 * Requires PHP: 7.4
 * License: Apache-2.0
 *
 * Sent is what the REST API shows, embedded, at the end of the request: by then photo, categories and tags of this save are stored.
 * The editor's answer goes out first where the server can (PHP-FPM, LiteSpeed). What cannot be delivered is tried again by WP-Cron.
 *
 * Address and secret are set under Settings → cutline, or in wp-config.php, where the database does not hold them:
 *   define( 'CUTLINE_URL', 'https://cards.news.example/hooks/wordpress' );
 *   define( 'CUTLINE_SECRET', '…' );
 * {language} in the address is the post's language, so that each edition has a source of its own.
 *
 * Filters: cutline_post_types (which types are articles), cutline_post (what REST shows of a post under "cutline").
 */

defined( 'ABSPATH' ) || exit;

final class Cutline {
	/** Tries after the first, in WP-Cron, 1, 2, 4 … minutes apart. What is lost after that is found by the pull. */
	const RETRIES = 5;

	/** Seconds that a delivery may take. */
	const TIMEOUT = 10;

	/** @var array<int, array{0: ?string, 1: string, 2: ?array}> post id => old status (null: the new one), new status, representation of a deleted post */
	private static $changed = array();

	public static function start() {
		add_action( 'transition_post_status', array( __CLASS__, 'transition' ), 10, 3 );
		add_action( 'before_delete_post', array( __CLASS__, 'deleted' ), 10, 1 );
		add_action( 'set_object_terms', array( __CLASS__, 'touched' ), 10, 1 );
		foreach ( array( 'added', 'updated', 'deleted' ) as $how ) {
			add_action( $how . '_post_meta', array( __CLASS__, 'meta' ), 10, 3 );
		}
		add_action( 'attachment_updated', array( __CLASS__, 'attachment' ), 10, 1 );
		add_action( 'delete_attachment', array( __CLASS__, 'attachment' ), 10, 1 );
		add_action( 'cutline_retry', array( __CLASS__, 'retry' ), 10, 5 );
		add_action( 'shutdown', array( __CLASS__, 'send' ), 100 );
		add_action( 'rest_api_init', array( __CLASS__, 'field' ) );
		add_action( 'admin_init', array( __CLASS__, 'settings' ) );
		add_action( 'admin_menu', array( __CLASS__, 'menu' ) );
		add_action( 'admin_post_cutline_test', array( __CLASS__, 'test' ) );
		register_deactivation_hook( __FILE__, array( __CLASS__, 'stop' ) );
		register_uninstall_hook( __FILE__, array( __CLASS__, 'forget' ) );
	}

	public static function stop() {
		wp_unschedule_hook( 'cutline_retry' );
	}

	public static function forget() {
		foreach ( array( 'cutline_url', 'cutline_secret', 'cutline_last' ) as $option ) {
			delete_option( $option );
		}
	}

	private static function types() {
		return apply_filters( 'cutline_post_types', array( 'post' ) );
	}

	private static function wanted( $post ) {
		return $post && in_array( $post->post_type, self::types(), true );
	}

	/** A setting: of wp-config.php, else of the settings page. */
	private static function setting( $name ) {
		$constant = 'CUTLINE_' . strtoupper( $name );
		return defined( $constant ) ? (string) constant( $constant ) : (string) get_option( 'cutline_' . $name, '' );
	}

	public static function transition( $new, $old, $post ) {
		if ( ! self::wanted( $post ) || ( 'publish' !== $new && 'publish' !== $old ) ) {
			return; // drafts are nobody's business
		}
		$first                      = isset( self::$changed[ $post->ID ][0] ) ? self::$changed[ $post->ID ][0] : $old; // its terms are set before
		self::$changed[ $post->ID ] = array( $first, $new, null );
	}

	public static function deleted( $id ) {
		$post = get_post( $id );
		if ( self::wanted( $post ) && in_array( $post->post_status, array( 'publish', 'private', 'trash' ), true ) ) {
			self::$changed[ $id ] = array( $post->post_status, 'deleted', array( 'id' => (int) $id, 'type' => $post->post_type, 'status' => $post->post_status ) );
		}
	}

	/** Something of a public post was changed without a save of the post: a tag, a category, the photo. */
	public static function touched( $id ) {
		$post = get_post( $id );
		if ( self::wanted( $post ) && 'publish' === $post->post_status && ! isset( self::$changed[ $id ] ) ) {
			self::$changed[ $id ] = array( null, 'publish', null );
		}
	}

	/** A post got another photo, or a photo another file, alt text or credit. */
	public static function meta( $meta, $id, $key ) {
		if ( '_thumbnail_id' === $key ) {
			self::touched( $id );
		} elseif ( in_array( $key, array( '_wp_attached_file', '_wp_attachment_image_alt', '_media_credit', '_navis_media_credit_org' ), true ) ) {
			self::attachment( $id );
		}
	}

	/** A caption, and with it a credit, was corrected in the media library: the posts that show the picture say so again. */
	public static function attachment( $id ) {
		$posts = get_posts( array( 'post_type' => self::types(), 'post_status' => 'publish', 'meta_key' => '_thumbnail_id', 'meta_value' => (int) $id, 'numberposts' => 20, 'fields' => 'ids' ) );
		foreach ( $posts as $post ) {
			self::touched( $post );
		}
	}

	public static function send() {
		if ( ! self::$changed || '' === self::setting( 'url' ) || '' === self::setting( 'secret' ) ) {
			return;
		}
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			fastcgi_finish_request();
		} elseif ( function_exists( 'litespeed_finish_request' ) ) {
			litespeed_finish_request();
		}
		$changed       = self::$changed;
		self::$changed = array();
		$silent        = false;
		foreach ( $changed as $id => $change ) {
			list( $old, $new, $post ) = $change;
			$old                      = null === $old ? $new : $old;
			if ( $silent ) { // it keeps the editor waiting once, not once for each post of a bulk edit
				self::later( $id, $old, $new, $post, 0 );
			} else {
				$silent = 0 === self::tell( $id, $old, $new, $post, 0 );
			}
		}
	}

	/** What could not be delivered, as it is now. */
	public static function retry( $id, $old, $new, $post, $tries ) {
		if ( null === $post ) {
			$new = get_post_status( $id );
			if ( ! $new || 'publish' !== $new && 'publish' !== $old ) {
				return; // deleted meanwhile, which was told by itself, or as it was before
			}
		}
		self::tell( $id, $old, $new, $post, $tries );
	}

	private static function later( $id, $old, $new, $post, $tries ) {
		if ( $tries < self::RETRIES ) {
			wp_schedule_single_event( time() + MINUTE_IN_SECONDS * ( 1 << $tries ), 'cutline_retry', array( $id, $old, $new, $post, $tries + 1 ) );
		}
	}

	/** Tells of one post; gives the status of the answer, 0 if there was none. */
	private static function tell( $id, $old, $new, $post, $tries ) {
		$why  = '';
		$read = sprintf( '%.3F', microtime( true ) );
		if ( null === $post ) {
			$post = self::representation( $id, $why );
		}
		$event = 'deleted' === $new ? 'post_deleted' : ( 'publish' === $new ? ( 'publish' === $old ? 'post_updated' : 'post_published' ) : ( 'trash' === $new ? 'post_trashed' : 'post_unpublished' ) );
		if ( null === $post ) {
			self::note( $event, $id, -1, $why );
			return -1;
		}
		// When it was read says which of two deliveries is the newer where the post's own time, of whole seconds, does not.
		$code = self::post( $event, $id, array( 'event' => $event, 'old_status' => $old, 'new_status' => 'deleted' === $new ? '' : $new, 'post' => $post, 'read' => $read ), isset( $post['cutline']['language'] ) ? $post['cutline']['language'] : self::language( $id ) );
		if ( 0 === $code || 429 === $code || $code >= 500 ) {
			self::later( $id, $old, $new, 'deleted' === $new ? $post : null, $tries );
		}
		return $code;
	}

	/** Signs and sends; gives the status of the answer, 0 if there was none. */
	private static function post( $event, $id, $payload, $language ) {
		$body = wp_json_encode( $payload );
		if ( false === $body ) {
			self::note( $event, $id, -1, 'the post cannot be written as JSON: ' . json_last_error_msg() );
			return -1;
		}
		$answer = wp_remote_post(
			str_replace( '{language}', rawurlencode( '' === $language ? strtok( get_locale(), '_' ) : $language ), self::setting( 'url' ) ),
			array(
				'timeout'     => self::TIMEOUT,
				'redirection' => 0, // a redirected POST becomes a GET
				'headers'     => array(
					'Content-Type'   => 'application/json',
					'X-WP-Event'     => $event,
					'X-WP-Delivery'  => wp_generate_uuid4(),
					'X-WP-Signature' => base64_encode( hash_hmac( 'sha256', $body, self::setting( 'secret' ), true ) ),
				),
				'body'        => $body,
			)
		);
		$code = is_wp_error( $answer ) ? 0 : (int) wp_remote_retrieve_response_code( $answer );
		self::note( $event, $id, $code, is_wp_error( $answer ) ? $answer->get_error_message() : substr( wp_remote_retrieve_body( $answer ), 0, 500 ) );
		return $code;
	}

	private static function note( $event, $id, $code, $answer ) {
		update_option( 'cutline_last', array( 'time' => gmdate( 'c' ), 'event' => $event, 'post' => (int) $id, 'code' => $code, 'answer' => $answer ), false );
	}

	/** What the REST API shows of a post to everybody, with author, photo and terms embedded. */
	private static function representation( $id, &$why ) {
		$post = get_post( $id );
		if ( ! $post ) {
			$why = 'the post is there no more';
			return null;
		}
		if ( 'publish' !== $post->post_status ) {
			return array( 'id' => (int) $id, 'type' => $post->post_type, 'status' => $post->post_status, 'modified_gmt' => mysql_to_rfc3339( $post->post_modified_gmt ) );
		}
		$route = rest_get_route_for_post( $post );
		if ( '' === $route ) {
			$why = 'the REST API does not show posts of the type ' . $post->post_type . ': register it with show_in_rest';
			return null;
		}
		$who = get_current_user_id();
		wp_set_current_user( 0 ); // as a reader sees it
		$answer = rest_do_request( new WP_REST_Request( 'GET', $route ) );
		$data   = $answer->is_error() ? null : rest_get_server()->response_to_data( $answer, true );
		wp_set_current_user( $who );
		if ( null === $data ) {
			$why = 'the REST API does not show the post: ' . $answer->as_error()->get_error_message();
		}
		return $data;
	}

	/** What REST does not show by itself, beside the post's other fields: there the pull finds it, too. */
	public static function field() {
		register_rest_field( self::types(), 'cutline', array( 'get_callback' => array( __CLASS__, 'extra' ), 'schema' => array( 'type' => 'object', 'context' => array( 'view' ) ) ) );
	}

	public static function extra( $data ) {
		$id    = (int) $data['id'];
		$photo = (int) get_post_thumbnail_id( $id );
		$names = array();
		foreach ( function_exists( 'get_coauthors' ) ? get_coauthors( $id ) : array() as $author ) { // Co-Authors Plus
			$names[] = $author->display_name;
		}
		if ( ! $names ) { // also where a plugin for security closes the users of the REST API
			$author = get_userdata( (int) get_post_field( 'post_author', $id ) );
			$names  = $author ? array( $author->display_name ) : array();
		}
		// The media library's fields for it, of the plugins Media Credit, Navis and Newspack.
		$credit = $photo ? array_filter( array( get_post_meta( $photo, '_media_credit', true ), get_post_meta( $photo, '_navis_media_credit_org', true ) ), 'is_string' ) : array();
		return apply_filters(
			'cutline_post',
			array(
				'language' => self::language( $id ),
				'byline'   => array_values( $names ),
				'excerpt'  => has_excerpt( $id ), // false: WordPress makes one of the text
				'credit'   => implode( '/', array_unique( array_filter( array_map( 'trim', $credit ) ) ) ),
			),
			$id
		);
	}

	/** A post's language where a plugin keeps it (Polylang, WPML); empty: nothing says so. */
	private static function language( $id ) {
		if ( function_exists( 'pll_get_post_language' ) ) {
			return (string) pll_get_post_language( $id );
		}
		$wpml = apply_filters( 'wpml_post_language_details', null, $id );
		return is_array( $wpml ) && isset( $wpml['language_code'] ) ? (string) $wpml['language_code'] : '';
	}

	public static function settings() {
		foreach ( array( 'url' => 'sanitize_text_field', 'secret' => 'trim' ) as $name => $clean ) { // esc_url_raw takes {language} out
			if ( ! defined( 'CUTLINE_' . strtoupper( $name ) ) ) { // what the form does not ask for would be emptied
				register_setting( 'cutline', 'cutline_' . $name, array( 'type' => 'string', 'sanitize_callback' => $clean ) );
			}
		}
	}

	public static function menu() {
		add_options_page( 'cutline', 'cutline', 'manage_options', 'cutline', array( __CLASS__, 'page' ) );
	}

	/** The settings page's second button: shows whether address and secret are right. */
	public static function test() {
		check_admin_referer( 'cutline_test' );
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( 'You may not do this.', '', array( 'response' => 403 ) );
		}
		self::post( 'test', 0, array( 'event' => 'test' ), '' );
		wp_safe_redirect( admin_url( 'options-general.php?page=cutline' ) );
		exit;
	}

	/** What a status means for who set the plugin up. */
	private static function hint( $code ) {
		$hints = array(
			-1  => 'not sent',
			0   => 'no answer: is the address right, and may this server reach it?',
			401 => 'the secret is not that of the source',
			404 => 'no source has the name at the end of the address',
		);
		if ( isset( $hints[ $code ] ) ) {
			return $hints[ $code ];
		}
		return $code >= 200 && $code < 300 ? 'taken' : ( $code >= 300 && $code < 400 ? 'redirected: put the final address here' : 'refused' );
	}

	public static function page() {
		$last = get_option( 'cutline_last' );
		?>
		<div class="wrap"><h1>cutline</h1>
		<form method="post" action="options.php"><?php settings_fields( 'cutline' ); ?>
		<table class="form-table">
		<?php foreach ( array( 'url' => array( 'Address', 'text' ), 'secret' => array( 'Secret', 'password' ) ) as $name => $shown ) : ?>
			<tr><th><label for="cutline_<?php echo esc_attr( $name ); ?>"><?php echo esc_html( $shown[0] ); ?></label></th><td>
			<?php if ( defined( 'CUTLINE_' . strtoupper( $name ) ) ) : ?>
				<p><?php echo esc_html( 'url' === $name ? self::setting( $name ) : '••••••' ); ?> (wp-config.php)</p>
			<?php else : ?>
				<input class="regular-text" type="<?php echo esc_attr( $shown[1] ); ?>" autocomplete="off" dir="ltr" id="cutline_<?php echo esc_attr( $name ); ?>" name="cutline_<?php echo esc_attr( $name ); ?>" value="<?php echo esc_attr( self::setting( $name ) ); ?>" placeholder="<?php echo esc_attr( 'url' === $name ? 'https://cards.news.example/hooks/wordpress' : '' ); ?>">
			<?php endif; ?>
			</td></tr>
		<?php endforeach; ?>
		</table>
		<?php submit_button(); ?></form>
		<form method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>"><input type="hidden" name="action" value="cutline_test"><?php wp_nonce_field( 'cutline_test' ); ?>
		<?php submit_button( 'Send a test', 'secondary', 'cutline_send', false ); ?></form>
		<?php if ( $last ) : ?>
			<h2>Last delivery</h2>
			<p><?php echo esc_html( sprintf( '%s, %s%s: %d, %s', $last['time'], $last['event'], $last['post'] ? ' of post ' . $last['post'] : '', $last['code'], self::hint( $last['code'] ) ) ); ?></p>
			<p><code><?php echo esc_html( $last['answer'] ); ?></code></p>
		<?php endif; ?></div>
		<?php
	}
}

Cutline::start();
